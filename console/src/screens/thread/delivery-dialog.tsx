import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { api, path } from '../../api/client.js';
import { ApiProblem, sentenceOf } from '../../api/problem.js';
import { deliveryQuery, deliveryRequestQuery, keys } from '../../api/queries.js';
import type { Delivery, DeliveryRequest } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { useScope } from '../../app/scope.js';
import { clockTime, fullMoment } from '../../clock/format.js';
import { Countdown, Moment } from '../../clock/time.js';
import { AppChip } from '../../ui/app-chip.js';
import { Badge, type Tone } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Dialog } from '../../ui/dialog.js';
import { Notice } from '../../ui/notice.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import './delivery-dialog.css';

export const deliveryTones: Readonly<Record<Delivery['status'], Tone>> = {
  delivered: 'good',
  pending: 'plain',
  held: 'warn',
  retrying: 'warn',
  dead_letter: 'bad',
  replaying: 'accent',
};

export const deliveryStatusNames: Readonly<Record<Delivery['status'], string>> = {
  dead_letter: 'dead letter',
  retrying: 'retrying',
  held: 'held',
  pending: 'pending',
  replaying: 'replaying',
  delivered: 'delivered',
};

const statusHelp: Readonly<Record<Delivery['status'], string>> = {
  delivered: 'Nothing more is owed: the app took it, or has no callback.',
  pending: 'It is about to be sent.',
  held: 'The app is paused, or failing as a whole: it is sent, in order, when that ends.',
  retrying: 'It, or an earlier one of the thread, waits for its next attempt.',
  dead_letter: 'It was given up. It can be sent again.',
  replaying: 'It is sent again.',
};

/** One delivery: what is sent, to the byte, and every attempt at it. */
export function DeliveryDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: delivery, error, refetch } = useQuery(deliveryQuery(id));
  const refusal = useRefusal('operator');
  const request = useQuery({ ...deliveryRequestQuery(id), enabled: refusal === undefined });
  const notKept = request.error instanceof ApiProblem && request.error.code === 'text_not_kept';
  const client = useQueryClient();
  const toasts = useToasts();
  const replay = useMutation({
    mutationFn: () => api.post<Delivery>(path`/deliveries/${id}/replay`),
    onSuccess: () => toasts.say('It will be sent again, with the same id and the same bytes.', 'good'),
    onError: toasts.fail,
    onSettled: () => client.invalidateQueries({ queryKey: keys.deliveries }),
  });
  return (
    <Dialog
      title="Delivery"
      size="wide"
      onClose={onClose}
      actions={
        <Button
          kind="primary"
          refusal={refusal ?? (notKept ? 'The text is no longer kept: it cannot be sent again.' : undefined)}
          disabled={replay.isPending || delivery === undefined}
          onClick={() => replay.mutate()}
        >
          <RotateCw aria-hidden />
          Send again
        </Button>
      }
    >
      {error !== null && delivery === undefined ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : delivery === undefined ? (
        <Skeleton lines={6} />
      ) : (
        <>
          <Facts delivery={delivery} />
          <Attempts delivery={delivery} />
          <section className="delivery-part" aria-label="Request">
            {refusal !== undefined ? (
              <>
                <h3>Request</h3>
                <Notice>The exact bytes hold what people wrote, which viewers do not see. {refusal}</Notice>
              </>
            ) : request.error !== null ? (
              <>
                <h3>Request</h3>
                <Notice tone={notKept ? 'plain' : 'bad'}>
                  {notKept && <strong>The text is no longer kept. </strong>}
                  {sentenceOf(request.error)}
                </Notice>
              </>
            ) : request.data === undefined ? (
              <Skeleton lines={6} />
            ) : (
              <Request request={request.data} />
            )}
          </section>
        </>
      )}
    </Dialog>
  );
}

function Facts({ delivery }: { delivery: Delivery }) {
  const scope = useScope();
  return (
    <dl className="facts">
      <dt>Status</dt>
      <dd>
        <Badge tone={deliveryTones[delivery.status]}>{deliveryStatusNames[delivery.status]}</Badge>{' '}
        {delivery.reason ?? <span className="faint">{statusHelp[delivery.status]}</span>}
        {delivery.next_attempt_at !== null && (
          <>
            {' '}
            · next attempt: <Countdown until={delivery.next_attempt_at} />
          </>
        )}
      </dd>
      <dt>To</dt>
      <dd>
        <AppChip appId={delivery.app_id} />
      </dd>
      <dt>About</dt>
      <dd>
        <Link className="delivery-link mono" to={scope.to(`/threads/${delivery.page_id}/${delivery.psid}`)}>
          {delivery.psid}
        </Link>
      </dd>
      <dt>Event</dt>
      <dd>
        <span className="mono">
          {delivery.event_type} · {delivery.event_id}
        </span>
        , decided <Moment at={delivery.at} />
      </dd>
      <dt>Id</dt>
      <dd className="mono">{delivery.id}</dd>
    </dl>
  );
}

function Attempts({ delivery }: { delivery: Delivery }) {
  return (
    <section className="delivery-part" aria-label="Attempts">
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
                <td className="numeric">
                  <time dateTime={attempt.at} title={fullMoment(Date.parse(attempt.at))}>
                    {clockTime(Date.parse(attempt.at))}
                  </time>
                </td>
                <td>
                  <Badge tone={attempt.error === null ? 'good' : 'bad'}>{attempt.status ?? 'none'}</Badge>
                </td>
                <td className="numeric">{attempt.duration_ms} ms</td>
                <td>{attempt.error ?? <span className="faint">–</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Request({ request }: { request: DeliveryRequest }) {
  const [readable, setReadable] = useState(false);
  const bytes = new TextEncoder().encode(request.body).length;
  return (
    <>
      <header>
        <h3>Request</h3>
        {request.curl !== null && <CopyButton text={request.curl} label="Copy as curl" />}
      </header>
      <pre tabIndex={0} aria-label="Request line and headers">
        <strong>POST {request.url ?? '(the app has no callback: nothing is sent)'}</strong>
        {Object.entries(request.headers).map(([name, value]) => (
          <span key={name}>
            {'\n'}
            <span className="delivery-header">{name}:</span> {value}
          </span>
        ))}
      </pre>
      <header>
        <h3>
          Body <span className="faint numeric">{bytes} bytes</span>
        </h3>
        <Button size="small" aria-pressed={readable} onClick={() => setReadable(!readable)}>
          Indented
        </Button>
        <CopyButton text={request.body} label="Copy the body" />
      </header>
      <pre tabIndex={0} aria-label={readable ? 'Body, indented' : 'Body, byte for byte'}>
        {readable ? indented(request.body) : request.body}
      </pre>
    </>
  );
}

/** For reading only: numbers may lose digits here, which is why it is not what is copied. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
