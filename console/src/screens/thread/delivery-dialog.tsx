import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { api, path } from '../../api/client.js';
import { deliveryQuery, keys, sessionQuery } from '../../api/queries.js';
import type { Delivery, DeliveryDetail } from '../../api/types.js';
import { clockTime } from '../../clock/format.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge, type Tone } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Dialog } from '../../ui/dialog.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';

export const deliveryTones: Readonly<Record<Delivery['status'], Tone>> = {
  delivered: 'good',
  pending: 'plain',
  held: 'warn',
  retrying: 'warn',
  dead_letter: 'bad',
  replaying: 'accent',
};

/** One delivery: what is sent, to the byte, and every attempt at it. */
export function DeliveryDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: delivery, error, refetch } = useQuery(deliveryQuery(id));
  const { data: session } = useQuery(sessionQuery);
  const client = useQueryClient();
  const toasts = useToasts();
  const replay = useMutation({
    mutationFn: () => api.post<Delivery>(path`/deliveries/${id}/replay`),
    onSuccess: () => {
      toasts.say('It will be sent again, with the same id and the same bytes.', 'good');
      void client.invalidateQueries({ queryKey: keys.deliveries });
    },
    onError: toasts.fail,
  });
  return (
    <Dialog
      title="Delivery"
      size="wide"
      onClose={onClose}
      actions={
        <Button
          kind="primary"
          disabled={replay.isPending || delivery === undefined || session?.role === 'viewer'}
          onClick={() => replay.mutate()}
        >
          <RotateCw aria-hidden />
          Send again
        </Button>
      }
    >
      {error !== null ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : delivery === undefined ? (
        <Skeleton lines={6} />
      ) : (
        <Contents delivery={delivery} />
      )}
    </Dialog>
  );
}

function Contents({ delivery }: { delivery: DeliveryDetail }) {
  const { request } = delivery;
  return (
    <>
      <dl className="delivery-facts">
        <dt>To</dt>
        <dd>
          <AppChip appId={delivery.app_id} />
        </dd>
        <dt>Status</dt>
        <dd>
          <Badge tone={deliveryTones[delivery.status]}>{delivery.status}</Badge> {delivery.reason}
        </dd>
        <dt>Event</dt>
        <dd className="mono">
          {delivery.event_type} · {delivery.event_id}
        </dd>
        <dt>Id</dt>
        <dd className="mono">{delivery.id}</dd>
      </dl>
      <section className="delivery-part">
        <h3>Attempts</h3>
        {delivery.attempts.length === 0 ? (
          <p className="faint">None is on record.</p>
        ) : (
          <table className="table">
            <thead>
              <tr>
                <th>#</th>
                <th>At</th>
                <th>Answer</th>
                <th>Took</th>
                <th>Error</th>
              </tr>
            </thead>
            <tbody>
              {delivery.attempts.map((attempt) => (
                <tr key={`${attempt.attempt} ${attempt.at}`}>
                  <td className="numeric">{attempt.attempt}</td>
                  <td className="numeric">{clockTime(Date.parse(attempt.at))}</td>
                  <td>{attempt.status ?? 'none'}</td>
                  <td className="numeric">{attempt.duration_ms} ms</td>
                  <td>{attempt.error ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {request != null && (
        <>
          <section className="delivery-part">
            <h3>Headers</h3>
            <pre tabIndex={0}>
              {[
                `POST ${request.url}`,
                ...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`),
              ].join('\n')}
            </pre>
          </section>
          <section className="delivery-part">
            <header>
              <h3>Body</h3>
              <CopyButton text={request.body} label="Copy the body" />
              <CopyButton text={request.curl} label="Copy as curl" />
            </header>
            <pre tabIndex={0}>{request.body}</pre>
          </section>
        </>
      )}
    </>
  );
}
