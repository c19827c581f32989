import { useApps } from '../../ui/app-chip.js';
import { Empty } from '../../ui/state.js';
import { contentOf, type Step } from './story.js';
import { sentenceOf, type Names } from './words.js';

/** What both sides had said by a moment. */
export function Conversation({ steps, names, current }: { steps: readonly Step[]; names: Names; current: number }) {
  const apps = useApps();
  const until = steps.slice(0, current + 1).filter(({ entry }) => entry.outcome === 'applied');
  const shown = until.filter(({ entry }) => isSaid(entry.type, entry.facts) || isMove(entry.type));
  if (shown.length === 0)
    return <Empty title="Nothing was said by then">Move the slider on, or choose a later event.</Empty>;
  return (
    <div className="conversation" tabIndex={0} role="region" aria-label="Conversation at this moment">
      <ol>
        {shown.map((step) => {
          const { entry } = step;
          const app = entry.caller_app_id ?? entry.cause.app_id;
          if (!isSaid(entry.type, entry.facts)) {
            return (
              <li key={entry.id} className="conversation-move">
                {sentenceOf(step, names)}
              </li>
            );
          }
          const mine = entry.type.startsWith('user.');
          const { text, attachments, buttons, redacted } = contentOf(entry.payload);
          const missing = entry.payload_removed
            ? 'The text is no longer kept.'
            : redacted
              ? 'Your role may not read messages.'
              : null;
          return (
            <li
              key={entry.id}
              className="bubble"
              data-side={mine ? 'person' : 'page'}
              data-hue={app === null ? undefined : apps.hueOf(app)}
            >
              <span className="bubble-by">{mine ? names.person : app === null ? 'Outside' : apps.nameOf(app)}</span>
              <p data-missing={missing !== null}>{missing ?? text ?? attachments.join(', ')}</p>
              {buttons.length > 0 && <span className="bubble-buttons">{buttons.join(' · ')}</span>}
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function isSaid(type: string, facts: readonly string[]): boolean {
  if (type === 'app.send') return !facts.includes('intent');
  return ['user.message', 'user.postback', 'user.get_started', 'app.sent', 'outside.reply'].includes(type);
}

function isMove(type: string): boolean {
  return (
    type === 'user.referral' || /^(control|operator|inbox)\.|^outside\.(take|return)$|^app\.disconnected$/.test(type)
  );
}
