import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Lock } from 'lucide-react';
import { useState, type FormEvent, type KeyboardEvent } from 'react';
import { api, path } from '../../api/client.js';
import { sentenceOf } from '../../api/problem.js';
import { keys } from '../../api/queries.js';
import type { Change, Thread } from '../../api/types.js';
import { useApps } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Notice } from '../../ui/notice.js';
import { keysOfInbox, type Answering } from './waiting.js';

/** What the human writes. It says before sending that it takes control, and from whom. */
export function Composer({ thread, answering }: { thread: Thread; answering: Answering }) {
  const { nameOf } = useApps();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const send = useMutation({
    mutationFn: (message: { text: string; inboxId: string }) =>
      api.post<Change>(path`/threads/${thread.page_id}/${thread.psid}/messages`, {
        text: message.text,
        app_id: message.inboxId,
        // What was said about control must still hold when the message goes out.
        if_version: thread.version,
      }),
    onSuccess: () => setText(''),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: keys.thread(thread.page_id, thread.psid) }),
        client.invalidateQueries({ queryKey: keysOfInbox }),
      ]),
  });
  if (!answering.may) {
    return (
      <div className="inbox-composer">
        <p className="inbox-locked" role="status">
          <Lock aria-hidden /> {answering.why}
        </p>
        <textarea className="input" aria-label="Your answer" placeholder="Locked" disabled rows={2} />
      </div>
    );
  }
  const { inboxId, takesFrom } = answering;
  const submit = () => {
    const message = text.trim();
    if (message !== '' && !send.isPending) send.mutate({ text: message, inboxId });
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form className="inbox-composer" onSubmit={onSubmit}>
      <Notice tone={takesFrom === null ? 'plain' : 'warn'}>
        {takesFrom === null
          ? `${nameOf(inboxId)} ${thread.effective_owner_app_id === inboxId ? 'has' : 'gets'} this conversation; you answer for the page.`
          : `${nameOf(takesFrom)} has this conversation. Sending takes control for ${nameOf(inboxId)}, and ${nameOf(takesFrom)} is told.`}
      </Notice>
      {send.error !== null && <Notice tone="bad">{sentenceOf(send.error)}</Notice>}
      <textarea
        className="input"
        aria-label="Your answer"
        placeholder="Your answer… (Enter sends, Shift+Enter is a new line)"
        rows={2}
        maxLength={2000}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKey}
      />
      <Button kind="primary" type="submit" disabled={send.isPending || text.trim() === ''}>
        {takesFrom === null ? 'Send' : 'Take control and send'}
      </Button>
    </form>
  );
}
