import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { Dialog } from '../ui/dialog.js';
import { useScope } from './scope.js';

/** How long after `g` the second key counts, in milliseconds. */
const sequenceMs = 1_200;

const destinations: Readonly<Record<string, { path: string; name: string }>> = {
  t: { path: '/threads', name: 'Threads' },
  p: { path: '/customer', name: 'Phones' },
  i: { path: '/inbox', name: 'Inbox' },
  c: { path: '/configuration', name: 'Configuration' },
  d: { path: '/deliveries', name: 'Deliveries' },
};

/** Whether a key belongs to what is being typed. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    (target !== null && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)))
  );
}

/** The keys that work everywhere, and the help that lists them. */
export function Shortcuts() {
  const navigate = useNavigate();
  const scope = useScope();
  const [helpOpen, setHelpOpen] = useState(false);
  const goPressedAt = useRef(-Infinity);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      const destination = destinations[event.key];
      if (event.timeStamp - goPressedAt.current < sequenceMs && destination !== undefined) {
        event.preventDefault();
        void navigate(scope.to(destination.path));
      } else if (event.key === '?') {
        setHelpOpen(true);
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('input[type="search"]');
        if (search === null) return;
        event.preventDefault();
        search.focus();
        search.select();
      }
      goPressedAt.current = event.key === 'g' ? event.timeStamp : -Infinity;
    };
    const onHelp = () => setHelpOpen(true);
    window.addEventListener('keydown', onKey);
    window.addEventListener('signalbox:help', onHelp);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('signalbox:help', onHelp);
    };
  }, [navigate, scope]);
  if (!helpOpen) return null;
  return (
    <Dialog title="Keyboard" onClose={() => setHelpOpen(false)}>
      <dl className="shortcut-list">
        {Object.entries(destinations).map(([key, { name }]) => (
          <div key={key}>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{name}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>Search on this screen</dd>
        </div>
        <div>
          <dt>
            <kbd>j</kbd> <kbd>k</kbd>
          </dt>
          <dd>Next and previous entry of a list; Enter opens it</dd>
        </div>
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close a dialog</dd>
        </div>
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>This list</dd>
        </div>
      </dl>
    </Dialog>
  );
}

export function openShortcutHelp(): void {
  window.dispatchEvent(new Event('signalbox:help'));
}
