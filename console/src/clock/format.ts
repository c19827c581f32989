/** How times read: clock times of today, dates otherwise, and spans in two units at most. */

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const timeWithSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});
const whole = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});

const dayMs = 86_400_000;

/** `10:42` today, `tomorrow 10:42`, `yesterday 10:42`, else `3 Mar, 10:42`. */
export function moment(at: number, now: number): string {
  const days = Math.round((startOfDay(at) - startOfDay(now)) / dayMs);
  if (days === 0) return time.format(at);
  if (days === 1) return `tomorrow ${time.format(at)}`;
  if (days === -1) return `yesterday ${time.format(at)}`;
  return dayAndTime.format(at);
}

/** `3 Mar, 10:42`, whatever day it is. */
export function dateAndTime(at: number): string {
  return dayAndTime.format(at);
}

export function clockTime(at: number): string {
  return timeWithSeconds.format(at);
}

/** Everything there is to say about a moment, for a tooltip. */
export function fullMoment(at: number): string {
  return whole.format(at);
}

const units = [
  ['d', dayMs],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `3 d 4 h`, `23 h 59 min`, `4 min 10 s`, `12 s`; negative spans count as none. */
export function span(ms: number): string {
  let rest = Math.max(0, ms);
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || (unit === 's' && parts.length === 0)) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** The same as a column that does not jump: `23:59:08`, with days as `3 d 04:00:00`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  const text = `${two((seconds % 86_400) / 3_600)}:${two((seconds % 3_600) / 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days} d ${text}` : text;
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
