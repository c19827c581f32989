import { useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pause, Play, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { appsQuery, keys } from '../../api/queries.js';
import type { App, Delivery, ListPage } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { Ago } from '../../clock/time.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { deliveryStatusNames, deliveryTones } from '../thread/delivery-dialog.js';

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
export function AppHealth({ filter }: { filter: (appId: string, status: string) => void }) {
  const { data: apps, error, refetch } = useQuery(appsQuery);
  const counted = useQueries({ queries: (apps ?? []).map((app) => countsQuery(app.app_id)) });
  if (error !== null && apps === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (apps === undefined) return <Skeleton />;
  const troubleOf = (counts: Counts | undefined) =>
    counts === undefined ? 0 : counts.dead_letter.count * 1_000 + counts.retrying.count * 100 + counts.held.count;
  const sorted = apps
    .map((app, index) => ({ app, counts: counted[index]?.data }))
    .sort((one, other) => troubleOf(other.counts) - troubleOf(one.counts));
  return (
    <section className="panel" aria-label="Apps">
      <table className="table">
        <thead>
          <tr>
            <th>App</th>
            <th>Callback</th>
            {unsettled.map((status) => (
              <th key={status} className="deliveries-count">
                {deliveryStatusNames[status]}
              </th>
            ))}
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map(({ app, counts }) => (
            <HealthRow key={app.app_id} app={app} counts={counts} filter={filter} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface HealthRowProps {
  readonly app: App;
  /** Undefined: they are still being read. */
  readonly counts: Counts | undefined;
  readonly filter: (appId: string, status: string) => void;
}

function HealthRow({ app, counts, filter }: HealthRowProps) {
  const refusal = useRefusal('operator');
  const client = useQueryClient();
  const toasts = useToasts();
  const [asking, setAsking] = useState<'pause' | 'replay' | null>(null);
  const resume = useMutation({
    mutationFn: () => api.post<App>(path`/apps/${app.app_id}/resume`),
    onSuccess: () => toasts.say(`${app.name} gets its deliveries again, in order.`, 'good'),
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries(),
  });
  return (
    <tr>
      <td>
        <AppChip appId={app.app_id} />{' '}
        {app.paused_at !== null && (
          <Badge tone="warn" title={app.pause_reason ?? undefined}>
            paused <Ago at={app.paused_at} />
          </Badge>
        )}
        {app.pause_reason !== null && <div className="deliveries-reason">{app.pause_reason}</div>}
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
                aria-label={`${counted.count} ${deliveryStatusNames[status]} of ${app.name}`}
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
          <Button size="small" refusal={refusal} onClick={() => setAsking('replay')}>
            <RotateCw aria-hidden /> Replay…
          </Button>
        )}
        {app.paused_at === null ? (
          <Button size="small" refusal={refusal} onClick={() => setAsking('pause')}>
            <Pause aria-hidden /> Pause…
          </Button>
        ) : (
          <Button size="small" refusal={refusal} disabled={resume.isPending} onClick={() => resume.mutate()}>
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
