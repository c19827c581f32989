import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FastForward } from 'lucide-react';
import { api } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useRefusal } from '../../app/role.js';
import { useNow } from '../../clock/clock.js';
import { fullMoment, moment, clockTime } from '../../clock/format.js';
import { Button } from '../../ui/button.js';
import { useToasts } from '../../ui/toast.js';
import './clock.css';

type Step = { advance: string } | { to_next_deadline: true };

const steps: readonly { text: string; help: string; step: Step }[] = [
  { text: '+1 h', help: 'Let an hour pass', step: { advance: '1h' } },
  { text: '+24 h', help: 'Let a day pass', step: { advance: '24h' } },
];

/** The emulator's time in the top bar, and the buttons that let time pass. */
export function ClockSlot() {
  const now = useNow();
  const client = useQueryClient();
  const toasts = useToasts();
  const refusal = useRefusal('operator');
  const pass = useMutation({
    mutationFn: (step: Step) => api.post<{ now: string }>('/simulator/clock', step),
    onSuccess: async (clock) => {
      await client.invalidateQueries({ queryKey: keys.clock });
      const at = Date.parse(clock.now);
      toasts.say(`It is ${moment(at, Date.now())} now. Whatever was due has happened.`, 'good');
    },
    onError: toasts.fail,
  });
  return (
    <div className="clock" role="group" aria-label="The emulator's clock">
      <time className="clock-now" title={fullMoment(now)} dateTime={new Date(now).toISOString()}>
        <span className="faint">{weekday.format(now)}</span> {clockTime(now)}
      </time>
      {steps.map(({ text, help: what, step }) => (
        <Button
          key={text}
          size="small"
          title={what}
          refusal={refusal}
          disabled={pass.isPending}
          onClick={() => pass.mutate(step)}
        >
          {text}
        </Button>
      ))}
      <Button
        size="small"
        title="Let time pass until the next thread is due"
        refusal={refusal}
        disabled={pass.isPending}
        onClick={() => pass.mutate({ to_next_deadline: true })}
      >
        <FastForward aria-hidden /> <span className="clock-next">Next deadline</span>
      </Button>
    </div>
  );
}

const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
