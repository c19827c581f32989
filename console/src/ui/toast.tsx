import { X } from 'lucide-react';
import { createContext, useCallback, useContext, useState, type ReactNode } from 'react';
import { sentenceOf } from '../api/problem.js';
import { Button } from './button.js';

interface Toast {
  readonly id: number;
  readonly tone: 'plain' | 'good' | 'bad';
  readonly text: string;
}
interface Toasts {
  readonly say: (text: string, tone?: Toast['tone']) => void;
  /** Tells of a failure; it stays until it is closed. */
  readonly fail: (error: unknown) => void;
}

const ToastContext = createContext<Toasts>({ say: () => {}, fail: () => {} });
const shownForMs = 6_000;
const shownAtOnce = 4;
let lastId = 0;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const say = useCallback<Toasts['say']>(
    (text, tone = 'plain') => {
      lastId += 1;
      const id = lastId;
      setToasts((all) => [...all.slice(1 - shownAtOnce), { id, tone, text }]);
      if (tone !== 'bad') setTimeout(() => close(id), shownForMs);
    },
    [close],
  );
  const fail = useCallback<Toasts['fail']>((error) => say(sentenceOf(error), 'bad'), [say]);
  return (
    <ToastContext value={{ say, fail }}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className="toast" data-tone={toast.tone}>
            <p>{toast.text}</p>
            <Button kind="quiet" size="small" icon aria-label="Close this message" onClick={() => close(toast.id)}>
              <X />
            </Button>
          </div>
        ))}
      </div>
    </ToastContext>
  );
}

export function useToasts(): Toasts {
  return useContext(ToastContext);
}
