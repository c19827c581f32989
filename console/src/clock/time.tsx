import { useNow } from './clock.js';
import { countdown, fullMoment, moment, span } from './format.js';

/** A moment of the server's time. */
export function Moment({ at }: { at: string }) {
  const now = useNow(30_000);
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={fullMoment(ms)}>
      {moment(ms, now)}
    </time>
  );
}

/** How long ago something was. */
export function Ago({ at }: { at: string }) {
  const now = useNow(10_000);
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={fullMoment(ms)}>
      {now - ms < 5_000 ? 'just now' : `${span(now - ms)} ago`}
    </time>
  );
}

/** What is left until a deadline, by the second. */
export function Countdown({ until }: { until: string }) {
  const now = useNow();
  const ms = Date.parse(until);
  return (
    <time className="countdown" dateTime={until} title={fullMoment(ms)} data-soon={ms - now < 3_600_000}>
      {ms <= now ? 'due' : countdown(ms - now)}
    </time>
  );
}
