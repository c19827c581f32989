import { ChevronLeft, ChevronRight, ChevronsRight } from 'lucide-react';
import { clockTime, fullMoment } from '../../clock/format.js';
import { Button } from '../../ui/button.js';
import type { Step } from './story.js';

interface Props {
  readonly steps: readonly Step[];
  readonly current: number;
  /** Null: the newest, and on with what happens. */
  readonly onMove: (index: number | null) => void;
  readonly live: boolean;
}

/** A slider over the log: everything on the screen shows the thread as it was then. */
export function TimeSlider({ steps, current, onMove, live }: Props) {
  const step = steps[current];
  const last = steps.length - 1;
  const move = (index: number) => onMove(index >= last ? null : Math.max(0, index));
  return (
    <div className="time-slider" role="group" aria-label="Time travel">
      <Button
        size="small"
        kind="quiet"
        icon
        aria-label="The event before"
        disabled={current <= 0}
        onClick={() => move(current - 1)}
      >
        <ChevronLeft aria-hidden />
      </Button>
      <Button
        size="small"
        kind="quiet"
        icon
        aria-label="The next event"
        disabled={current >= last}
        onClick={() => move(current + 1)}
      >
        <ChevronRight aria-hidden />
      </Button>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={
          step === undefined
            ? 'no event'
            : `event ${current + 1} of ${steps.length}, ${clockTime(Date.parse(step.entry.at))}`
        }
        min={0}
        max={Math.max(0, last)}
        value={Math.max(0, current)}
        disabled={steps.length < 2}
        onChange={({ target }) => move(Number(target.value))}
      />
      <span
        className="time-slider-at numeric"
        title={step === undefined ? undefined : fullMoment(Date.parse(step.entry.at))}
      >
        {step === undefined ? '–' : `${current + 1} of ${steps.length} · ${clockTime(Date.parse(step.entry.at))}`}
      </span>
      <Button size="small" aria-pressed={live} onClick={() => onMove(null)}>
        <ChevronsRight aria-hidden />
        Now
      </Button>
    </div>
  );
}
