import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pause, Play, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { appsQuery, keys } from '../../api/queries.js';
import type { App, AppHealth as AppHealthEntry, Delivery } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { Ago, Countdown, Moment } from '../../clock/time.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { TextField } from '../../ui/text-field.js';
import { useToasts } from '../../ui/toast.js';
import { deliveryTones } from '../thread/delivery-dialog.js';

const healthQuery = queryOptions({
  queryKey: [...keys.deliveries, 'health'],
  queryFn: ({ signal }) => api.get<{ data: AppHealthEntry[] }>('/delivery-health', {}, signal),
});

interface AppHealthProps {
  readonly filter: (appId: string, status: Delivery['status']) => void;
}

/** How deliveries to each app go; those that fail stand first. */
export function AppHealth({ filter }: AppHealthProps) {
  const { data: apps = [] } = useQuery(appsQuery);
  const { data: health, error, refetch } = useQuery(healthQuery);
  if (error !== null && health === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (health === undefined) return <Skeleton />;
  return (
    <section className="panel" aria-label="Apps">
      <div className="deliveries-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>App</th>
              <th>How it goes</th>
              <th className="deliveries-count">retrying</th>
              <th className="deliveries-count">held</th>
              <th className="deliveries-count">dead letters</th>
              <th>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {health.data.map((entry) => (
              <HealthRow
                key={entry.app_id}
                health={entry}
                app={apps.find(({ app_id }) => app_id === entry.app_id)}
                filter={filter}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface HealthRowProps extends AppHealthProps {
  readonly health: AppHealthEntry;
  /** Undefined: it is still being read. */
  readonly app: App | undefined;
}

function HealthRow({ health, app, filter }: HealthRowProps) {
  const refusal = useRefusal('operator');
  const client = useQueryClient();
  const toasts = useToasts();
  const [asking, setAsking] = useState<'pause' | 'replay' | null>(null);
  const resume = useMutation({
    mutationFn: () => api.post<App>(path`/apps/${health.app_id}/resume`),
    onSuccess: () => toasts.say(`${health.name} gets its deliveries again, in order.`, 'good'),
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries(),
  });
  const counts = [
    { status: 'retrying', count: health.stalled_threads, what: 'waiting threads' },
    { status: 'held', count: health.held, what: 'held events' },
    { status: 'dead_letter', count: health.dead_letters, what: 'dead letters' },
  ] as const;
  return (
    <tr>
      <td>
        <AppChip appId={health.app_id} />
      </td>
      <td className="deliveries-how">
        <HowItGoes health={health} app={app} />
      </td>
      {counts.map(({ status, count, what }) => (
        <td key={status} className="deliveries-count numeric">
          {count === 0 ? (
            <span className="faint">0</span>
          ) : (
            <button
              type="button"
              className="badge deliveries-number"
              data-tone={deliveryTones[status]}
              aria-label={`${count} ${what} of ${health.name}`}
              onClick={() => filter(health.app_id, status)}
            >
              {count}
            </button>
          )}
        </td>
      ))}
      <td className="deliveries-actions">
        {health.dead_letters > 0 && (
          <Button size="small" refusal={refusal} onClick={() => setAsking('replay')}>
            <RotateCw aria-hidden /> Replay…
          </Button>
        )}
        {health.paused_at === null ? (
          <Button size="small" refusal={refusal} onClick={() => setAsking('pause')}>
            <Pause aria-hidden /> Pause…
          </Button>
        ) : (
          <Button size="small" refusal={refusal} disabled={resume.isPending} onClick={() => resume.mutate()}>
            <Play aria-hidden /> Resume
          </Button>
        )}
        {asking === 'pause' && <PauseDialog app={health} onClose={() => setAsking(null)} />}
        {asking === 'replay' && <ReplayDialog app={health} onClose={() => setAsking(null)} />}
      </td>
    </tr>
  );
}

/** In words: whether it takes what it is owed, since when not, why, and when it is tried again. */
function HowItGoes({ health, app }: { health: AppHealthEntry; app: App | undefined }) {
  return (
    <>
      {health.paused_at !== null && (
        <p>
          <Badge tone="warn">
            paused <Ago at={health.paused_at} />
          </Badge>{' '}
          {app?.pause_reason}
        </p>
      )}
      {health.status === 'failing' && (
        <p>
          <Badge tone="bad">failing</Badge> since{' '}
          {health.failing_since !== null && <Moment at={health.failing_since} />}
          {health.last_error !== null && `: ${health.last_error}`}
          {health.next_attempt_at !== null && (
            <span className="faint">
              {' '}
              · next attempt: <Countdown until={health.next_attempt_at} />
            </span>
          )}
        </p>
      )}
      {health.status === 'dead_letters' && <p>Takes what it is sent; some of it was given up before.</p>}
      {health.status === 'ok' && (
        <p className="faint">
          {app?.callback_url === null ? 'No callback: it reads the feed, or nothing.' : 'Takes what it is sent.'}
        </p>
      )}
      {app?.callback_url != null && <div className="deliveries-callback mono ellipsis">{app.callback_url}</div>}
    </>
  );
}

interface AppDialogProps {
  readonly app: Pick<App, 'app_id' | 'name'>;
  readonly onClose: () => void;
}

function PauseDialog({ app, onClose }: AppDialogProps) {
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
      <TextField label="Reason" help="Shown to whoever wonders." maxLength={1000} value={reason} onChange={setReason} />
    </Dialog>
  );
}

function ReplayDialog({ app, onClose }: AppDialogProps) {
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
