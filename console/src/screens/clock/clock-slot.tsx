import { useNow } from '../../clock/clock.js';
import { clockTime, fullMoment } from '../../clock/format.js';

/** The emulator's time in the top bar. */
export function ClockSlot() {
  const now = useNow();
  return <time title={fullMoment(now)}>{clockTime(now)}</time>;
}
