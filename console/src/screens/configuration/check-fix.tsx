import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, path } from '../../api/client.js';
import { appsQuery, connectionsQuery } from '../../api/queries.js';
import type { Connection, ConfigurationCheck, Page } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { useScope } from '../../app/scope.js';
import { useApps } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { useToasts } from '../../ui/toast.js';
import { useChange } from './editing.js';
import type { Secret } from './secrets-dialog.js';

interface CheckFixProps {
  readonly check: ConfigurationCheck;
  readonly page: Page;
  readonly onSecrets: (secrets: readonly Secret[]) => void;
}

/** What one click can do about a check, or where it is done. */
export function CheckFix({ check, page, onSecrets }: CheckFixProps) {
  const scope = useScope();
  const { nameOf } = useApps();
  const { data: apps = [] } = useQuery(appsQuery);
  const { data: connections = [] } = useQuery(connectionsQuery(page.page_id));
  const refusal = useRefusal('admin');
  const toasts = useToasts();
  const fix = useChange(
    (change: () => Promise<{ page_access_token?: string }>) => change(),
    ({ page_access_token: token }) => {
      if (token !== undefined) onSecrets([{ name: 'page access token', value: token }]);
    },
  );
  const connection = connections.find(({ app_id }) => app_id === check.app_id);
  const button = (text: string, change: () => Promise<{ page_access_token?: string }>) => (
    <Button
      key={text}
      size="small"
      refusal={refusal}
      disabled={fix.isPending}
      onClick={() => fix.mutate(change, { onError: toasts.fail })}
    >
      {text}
    </Button>
  );
  const fixes = () => {
    const { app_id: appId, channel } = check;
    switch (check.code) {
      case 'no_default_app':
        return connections
          .filter(({ app_id }) => apps.some((app) => app.app_id === app_id && app.kind === 'bot'))
          .slice(0, choicesMax)
          .map(({ app_id }) =>
            button(`Make it ${nameOf(app_id)}`, () =>
              api.put(path`/pages/${page.page_id}`, withDefault(page, channel, app_id)),
            ),
          );
      case 'default_app_not_connected':
      case 'social_app_not_connected':
      case 'route_to_app_not_connected':
        return (
          appId !== null &&
          button(`Connect ${nameOf(appId)}`, () => api.put(path`/pages/${page.page_id}/apps/${appId}`, {}))
        );
      case 'fields_missing':
        return (
          connection !== undefined &&
          button('Subscribe it to them', () =>
            replaceConnection(connection, {
              subscribed_fields: [...new Set([...connection.subscribed_fields, ...check.fields])],
            }),
          )
        );
      case 'standby_off':
        return (
          connection !== undefined &&
          channel !== null &&
          button('Turn standby on', () =>
            replaceConnection(connection, { standby: { ...connection.standby, [channel]: true } }),
          )
        );
      case 'bot_takes_control':
        return (
          connection !== undefined &&
          button('Let it take no control', () => replaceConnection(connection, { can_take_control: false }))
        );
      case 'no_callback':
        return (
          <Link className="button" data-size="small" to={scope.to('/configuration/apps')}>
            Go to the apps
          </Link>
        );
      case 'deliveries_fail':
        return (
          <Link className="button" data-size="small" to={scope.to('/deliveries', { app: appId ?? '' })}>
            Look at its deliveries
          </Link>
        );
      default:
        return null;
    }
  };
  return <div className="check-fix">{fixes()}</div>;
}

/** More choices than this are a matter for the page's own dialog. */
const choicesMax = 3;

/** The page as it is, with another default app on a channel. */
function withDefault(page: Page, channel: ConfigurationCheck['channel'], appId: string) {
  return {
    name: page.name,
    default_app_id: channel === 'instagram' ? page.default_app_id : appId,
    social_app_id: page.social_app_id,
    instagram:
      page.instagram === null || channel !== 'instagram'
        ? page.instagram
        : { ...page.instagram, default_app_id: appId },
    outside_replies: page.outside_replies,
  };
}

/** The connection as it is, but for what is given. */
function replaceConnection(connection: Connection, change: Partial<Connection>) {
  const { subscribed_fields, standby, can_take_control } = { ...connection, ...change };
  return api.put<Connection & { page_access_token?: string }>(
    path`/pages/${connection.page_id}/apps/${connection.app_id}`,
    { subscribed_fields, standby, can_take_control },
  );
}
