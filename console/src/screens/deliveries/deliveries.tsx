import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pause, Play, RotateCw, Send } from 'lucide-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { api, path } from '../../api/client.js';
import { appsQuery, keys, sessionQuery } from '../../api/queries.js';
import type { App, Delivery, ListPage } from '../../api/types.js';
import { useScope } from '../../app/scope.js';
import { Ago, Moment } from '../../clock/time.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { DeliveryDialog, deliveryTones } from '../thread/delivery-dialog.js';
import './deliveries.css';

const statuses = ['dead_letter', 'retrying', 'held', 'pending', 'replaying', 'delivered'] as const;
const statusNames: Readonly<Record<Delivery['status'], string>> = {
  dead_letter: 'dead letter',
  retrying: 'retrying',
  held: 'held',
  pending: 'pending',
  replaying: 'replaying',
  delivered: 'delivered',
};

/** A filter may leave pages of the list short, so as many as this are looked through for one screen. */
const deliveriesAtOnce = 100;

/** What each app was owed and got. */
export function Component() {
  const [parameters, setParameters] = useSearchParams();
  const appId = parameters.get('app');
  const status = statuses.find((name) => name === parameters.get('status')) ?? null;
  const opened = parameters.get('delivery');
  const put = (name: string, value: string | null) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      if (value === null || value === '') next.delete(name);
      else next.set(name, value);
      return next;
    });
  const { data: apps = [] } = useQuery(appsQuery);
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Deliveries</h1>
        <select
          className="input deliveries-filter"
          aria-label="App"
          value={appId ?? ''}
          onChange={({ target }) => put('app', target.value)}
        >
          <option value="">Every app</option>
          {apps.map((app) => (
            <option key={app.app_id} value={app.app_id}>
              {app.name}
            </option>
          ))}
        </select>
        <select
          className="input deliveries-filter"
          aria-label="Status"
          value={status ?? ''}
          onChange={({ target }) => put('status', target.value)}
        >
          <option value="">Any status</option>
          {statuses.map((name) => (
            <option key={name} value={name}>
              {statusNames[name]}
            </option>
          ))}
        </select>
      </header>
      <Health filter={(id, wanted) => setParameters(withFilter(parameters, id, wanted))} />
      <Log appId={appId} status={status} open={(id) => put('delivery', id)} />
      {opened !== null && <DeliveryDialog id={opened} onClose={() => put('delivery', null)} />}
    </div>
  );
}

function withFilter(parameters: URLSearchParams, appId: string, status: string): URLSearchParams {
  const next = new URLSearchParams(parameters);
  next.set('app', appId);
  next.set('status', status);
  return next;
}

const unsettled = ['dead_letter', 'retrying', 'held', 'pending'] as const;
/** A number is shown up to this; more is "and more". */
const countedMax = 100;

type Counts = Readonly<Record<(typeof unsettled)[number], { count: number; more: boolean }>>;

const countsQuery = (appId: string) => ({
  queryKey: [...keys.deliveries, 'counts', appId],
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Counts> => {
    const count = async (status: (typeof unsettled)[number]) => {
      const list = await api.get<ListPage<Delivery>>(
        '/deliveries',
        { app_id: appId, status, limit: countedMax },
        signal,
      );
      return { count: list.data.length, more: list.next_cursor !== null && list.data.length > 0 };
    };
    const [dead_letter, retrying, held, pending] = await Promise.all(unsettled.map(count));
    if (dead_letter === undefined || retrying === undefined || held === undefined || pending === undefined) {
      throw new Error('a count is missing');
    }
    return { dead_letter, retrying, held, pending };
  },
});

/** How deliveries to each app stand; failing apps stand first. */
function Health({ filter }: { filter: (appId: string, status: string) => void }) {
  const { data: apps, error, refetch } = useQuery(appsQuery);
  const client = useQueryClient();
  if (error !== null && apps === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (apps === undefined) return <Skeleton />;
  const trouble = (app: App) => {
    const counts = client.getQueryData<Counts>(countsQuery(app.app_id).queryKey);
    if (counts === undefined) return 0;
    return counts.dead_letter.count * 1_000 + counts.retrying.count * 100 + counts.held.count;
  };
  const sorted = [...apps].sort((one, other) => trouble(other) - trouble(one));
  return (
    <section className="panel" aria-label="Apps">
      <table className="table">
        <thead>
          <tr>
            <th>App</th>
            <th>Callback</th>
            {unsettled.map((status) => (
              <th key={status} className="deliveries-count">
                {statusNames[status]}
              </th>
            ))}
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((app) => (
            <HealthRow key={app.app_id} app={app} filter={filter} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function HealthRow({ app, filter }: { app: App; filter: (appId: string, status: string) => void }) {
  const { data: counts } = useQuery(countsQuery(app.app_id));
  const { data: session } = useQuery(sessionQuery);
  const client = useQueryClient();
  const toasts = useToasts();
  const [asking, setAsking] = useState<'pause' | 'replay' | null>(null);
  const resume = useMutation({
    mutationFn: () => api.post<App>(path`/apps/${app.app_id}/resume`),
    onSuccess: () => toasts.say(`${app.name} gets its deliveries again, in order.`, 'good'),
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries(),
  });
  const viewer = session?.role === 'viewer';
  return (
    <tr>
      <td>
        <AppChip appId={app.app_id} />{' '}
        {app.paused_at !== null && (
          <Badge tone="warn" title={app.pause_reason ?? undefined}>
            paused <Ago at={app.paused_at} />
          </Badge>
        )}
      </td>
      <td className="deliveries-callback">
        {app.callback_url === null ? (
          <span className="faint">none: it reads the feed, or nothing</span>
        ) : (
          <span className="mono ellipsis">{app.callback_url}</span>
        )}
      </td>
      {unsettled.map((status) => {
        const counted = counts?.[status];
        return (
          <td key={status} className="deliveries-count numeric">
            {counted === undefined || counted.count === 0 ? (
              <span className="faint">{counted === undefined ? '…' : '0'}</span>
            ) : (
              <button
                type="button"
                className="badge deliveries-number"
                data-tone={deliveryTones[status]}
                aria-label={`${counted.count} ${statusNames[status]} of ${app.name}`}
                onClick={() => filter(app.app_id, status)}
              >
                {counted.count}
                {counted.more && '+'}
              </button>
            )}
          </td>
        );
      })}
      <td className="deliveries-actions">
        {counts !== undefined && counts.dead_letter.count > 0 && (
          <Button size="small" disabled={viewer} onClick={() => setAsking('replay')}>
            <RotateCw aria-hidden /> Replay…
          </Button>
        )}
        {app.paused_at === null ? (
          <Button size="small" disabled={viewer} onClick={() => setAsking('pause')}>
            <Pause aria-hidden /> Pause…
          </Button>
        ) : (
          <Button size="small" disabled={viewer || resume.isPending} onClick={() => resume.mutate()}>
            <Play aria-hidden /> Resume
          </Button>
        )}
        {asking === 'pause' && <PauseDialog app={app} onClose={() => setAsking(null)} />}
        {asking === 'replay' && <ReplayDialog app={app} onClose={() => setAsking(null)} />}
      </td>
    </tr>
  );
}

function PauseDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const client = useQueryClient();
  const toasts = useToasts();
  const [reason, setReason] = useState('');
  const pause = useMutation({
    mutationFn: () =>
      api.post<App>(path`/apps/${app.app_id}/pause`, reason.trim() === '' ? {} : { reason: reason.trim() }),
    onSuccess: onClose,
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries(),
  });
  return (
    <Dialog
      title={`Pause ${app.name}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={pause.isPending} onClick={() => pause.mutate()}>
            Pause
          </Button>
        </>
      }
    >
      <p>Its deliveries are held. They are owed, and come in order once it is resumed.</p>
      <Field label="Reason" help="Shown to whoever wonders.">
        {(control) => (
          <input
            {...control}
            className="input"
            maxLength={1000}
            value={reason}
            onChange={({ target }) => setReason(target.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}

function ReplayDialog({ app, onClose }: { app: App; onClose: () => void }) {
  const client = useQueryClient();
  const toasts = useToasts();
  const replay = useMutation({
    mutationFn: () => api.post<{ requested: number }>('/deliveries/replay', { app_id: app.app_id }),
    onSuccess: ({ requested }) => {
      toasts.say(`${requested} dead letters of ${app.name} are sent again.`, 'good');
      onClose();
    },
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries({ queryKey: keys.deliveries }),
  });
  return (
    <Dialog
      title={`Replay the dead letters of ${app.name}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={replay.isPending} onClick={() => replay.mutate()}>
            Send all again
          </Button>
        </>
      }
    >
      <p>Everything that was given up for this app is sent again, in order, with the same ids and the same bytes.</p>
    </Dialog>
  );
}

interface LogProps {
  readonly appId: string | null;
  readonly status: Delivery['status'] | null;
  readonly open: (id: string) => void;
}

function Log({ appId, status, open }: LogProps) {
  const scope = useScope();
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: [...keys.deliveries, 'list', appId, status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      api.get<ListPage<Delivery>>(
        '/deliveries',
        { app_id: appId, status, cursor: pageParam, limit: deliveriesAtOnce },
        signal,
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={8} />;
  const deliveries = data.pages
    .flatMap((page) => page.data)
    .filter(({ page_id }) => scope.pageId === null || page_id === scope.pageId);
  return (
    <section className="panel" aria-label="Log">
      {deliveries.length === 0 ? (
        <Empty icon={Send} title={status === 'dead_letter' ? 'No dead letters' : 'No deliveries here'}>
          {appId === null && status === null
            ? 'An app is owed a delivery for each event it subscribes to. Connect an app, and let a person write.'
            : 'Nothing fits these filters. Choose another app or status.'}
        </Empty>
      ) : (
        <div className="deliveries-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Decided</th>
                <th>App</th>
                <th>What</th>
                <th>Person</th>
                <th>Status</th>
                <th>Attempts</th>
                <th>
                  <span className="visually-hidden">Open</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {deliveries.map((delivery) => (
                <tr key={delivery.id}>
                  <td>
                    <Moment at={delivery.at} />
                  </td>
                  <td>
                    <AppChip appId={delivery.app_id} />
                  </td>
                  <td>
                    {delivery.kind === 'event' ? delivery.event_type : `${delivery.kind}_thread_control`}{' '}
                    {delivery.field === 'standby' && <Badge>standby</Badge>}
                  </td>
                  <td className="mono">{delivery.psid}</td>
                  <td>
                    <Badge tone={deliveryTones[delivery.status]} title={delivery.reason ?? undefined}>
                      {statusNames[delivery.status]}
                    </Badge>
                  </td>
                  <td className="numeric">{delivery.attempts.length}</td>
                  <td className="deliveries-actions">
                    <Button size="small" aria-label={`Open delivery ${delivery.id}`} onClick={() => open(delivery.id)}>
                      Open
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {hasNextPage && (
        <div className="deliveries-more">
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {isFetchingNextPage ? 'Reading…' : 'More'}
          </Button>
        </div>
      )}
    </section>
  );
}
