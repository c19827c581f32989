import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { RotateCw, Send } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { Delivery, ListPage } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { useScope } from '../../app/scope.js';
import { Countdown, Moment } from '../../clock/time.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { deliveryStatusNames, deliveryTones } from '../thread/delivery-dialog.js';

/** A filter may leave pages of the list short, so as many as this are looked through for one screen. */
const deliveriesAtOnce = 100;
/** As many as the server takes in one call. */
const replayedMax = 200;

interface DeliveryLogProps {
  readonly appId: string | null;
  readonly status: Delivery['status'] | null;
  readonly open: (id: string) => void;
  readonly clear: () => void;
}

/** What each app was owed and what became of it; some of it can be sent again. */
export function DeliveryLog({ appId, status, open, clear }: DeliveryLogProps) {
  const scope = useScope();
  const refusal = useRefusal('operator');
  const client = useQueryClient();
  const toasts = useToasts();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: [...keys.deliveries, 'list', appId, scope.pageId, status],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      api.get<ListPage<Delivery>>(
        '/deliveries',
        { app_id: appId, page_id: scope.pageId, status, cursor: pageParam, limit: deliveriesAtOnce },
        signal,
      ),
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const replay = useMutation({
    mutationFn: (ids: readonly string[]) =>
      api.post<{ requested: number }>('/deliveries/replay', { delivery_ids: ids }),
    onSuccess: (_, ids) => {
      setChosen(new Set());
      toasts.say(`${counted(ids.length)} will be sent again, with the same ids and the same bytes.`, 'good');
    },
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries({ queryKey: keys.deliveries }),
  });
  if (error !== null && data === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton lines={8} />;
  const deliveries = data.pages.flatMap((page) => page.data);
  const selected = deliveries.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const choose = (ids: readonly string[], on: boolean) =>
    setChosen((before) => new Set(on ? [...before, ...ids] : [...before].filter((id) => !ids.includes(id))));
  const filtered = appId !== null || status !== null;
  return (
    <section className="panel" aria-label="Log">
      <header className="panel-head">
        <h2>Log</h2>
        {selected.length > 0 && (
          <span className="faint" role="status">
            {counted(selected.length)} chosen
            {selected.length > replayedMax && `; ${replayedMax} can be sent again at once`}
          </span>
        )}
        <Button
          refusal={refusal}
          disabled={selected.length === 0 || selected.length > replayedMax || replay.isPending}
          onClick={() => replay.mutate(selected)}
        >
          <RotateCw aria-hidden /> {replay.isPending ? 'Asking…' : 'Send the chosen again'}
        </Button>
      </header>
      {deliveries.length === 0 && !hasNextPage ? (
        <Empty
          icon={Send}
          title={status === 'dead_letter' ? 'No dead letters' : 'No deliveries here'}
          actions={filtered ? <Button onClick={clear}>Clear the filters</Button> : undefined}
        >
          {filtered
            ? status === 'dead_letter'
              ? 'Nothing was given up: every app took what it was owed, or still may.'
              : 'Nothing fits these filters.'
            : 'An app is owed a delivery for each event it subscribes to. Connect an app, and let a person write.'}
        </Empty>
      ) : (
        <div className="deliveries-scroll">
          <table className="table">
            <thead>
              <tr>
                <th className="deliveries-choice">
                  <input
                    type="checkbox"
                    aria-label="Choose all that are shown"
                    checked={selected.length > 0 && selected.length === deliveries.length}
                    onChange={({ target }) =>
                      choose(
                        deliveries.map(({ id }) => id),
                        target.checked,
                      )
                    }
                  />
                </th>
                <th>Decided</th>
                <th>App</th>
                <th>What</th>
                <th>Person</th>
                <th>Status</th>
                <th className="deliveries-count">Attempts</th>
                <th>
                  <span className="visually-hidden">Open</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {deliveries.map((delivery) => (
                <DeliveryRow
                  key={delivery.id}
                  delivery={delivery}
                  chosen={chosen.has(delivery.id)}
                  choose={(on) => choose([delivery.id], on)}
                  open={() => open(delivery.id)}
                />
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

interface DeliveryRowProps {
  readonly delivery: Delivery;
  readonly chosen: boolean;
  readonly choose: (on: boolean) => void;
  readonly open: () => void;
}

function DeliveryRow({ delivery, chosen, choose, open }: DeliveryRowProps) {
  const scope = useScope();
  const what = delivery.kind === 'event' ? delivery.event_type : `${delivery.kind}_thread_control`;
  return (
    <tr data-chosen={chosen}>
      <td className="deliveries-choice">
        <input
          type="checkbox"
          aria-label={`Choose delivery ${delivery.id}`}
          checked={chosen}
          onChange={({ target }) => choose(target.checked)}
        />
      </td>
      <td>
        <Moment at={delivery.at} />
      </td>
      <td>
        <AppChip appId={delivery.app_id} />
      </td>
      <td>
        {what} {delivery.field === 'standby' && <Badge>standby</Badge>}
      </td>
      <td>
        <Link className="deliveries-link mono" to={scope.to(`/threads/${delivery.page_id}/${delivery.psid}`)}>
          {delivery.psid}
        </Link>
      </td>
      <td>
        <Badge tone={deliveryTones[delivery.status]}>{deliveryStatusNames[delivery.status]}</Badge>
        {delivery.next_attempt_at !== null && (
          <span className="faint">
            {' '}
            · next attempt: <Countdown until={delivery.next_attempt_at} />
          </span>
        )}
        {delivery.reason !== null && <div className="deliveries-reason">{delivery.reason}</div>}
      </td>
      <td className="deliveries-count numeric">{delivery.attempts.length}</td>
      <td className="deliveries-actions">
        <Button size="small" aria-label={`Open delivery ${delivery.id}`} onClick={open}>
          Open
        </Button>
      </td>
    </tr>
  );
}

function counted(count: number): string {
  return count === 1 ? '1 delivery' : `${count} deliveries`;
}
