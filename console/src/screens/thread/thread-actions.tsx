import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { appsQuery, connectionsQuery, sessionQuery } from '../../api/queries.js';
import type { Change, Thread } from '../../api/types.js';
import { useApps } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Field } from '../../ui/field.js';
import { Notice } from '../../ui/notice.js';
import { useToasts } from '../../ui/toast.js';
import { sentenceOf } from '../../api/problem.js';

type Act = { action: 'pass'; app_id: string } | { action: 'take'; app_id: string } | { action: 'release' };

/** What an operator may do with a thread: pass it, have an inbox take it, release it. */
export function ThreadActions({ thread }: { thread: Thread }) {
  const { data: session } = useQuery(sessionQuery);
  const [asking, setAsking] = useState<'pass' | 'release' | null>(null);
  const mayNot = session?.role === 'viewer';
  const help = mayNot ? 'Your role may look, and not move threads.' : undefined;
  return (
    <>
      <Button disabled={mayNot} title={help} onClick={() => setAsking('pass')}>
        Move…
      </Button>
      <Button disabled={mayNot || thread.state === 'released'} title={help} onClick={() => setAsking('release')}>
        Release…
      </Button>
      {asking !== null && <ActDialog thread={thread} kind={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

function ActDialog({ thread, kind, onClose }: { thread: Thread; kind: 'pass' | 'release'; onClose: () => void }) {
  const apps = useApps();
  const toasts = useToasts();
  const { data: connections = [] } = useQuery(connectionsQuery(thread.page_id));
  const { data: all = [] } = useQuery(appsQuery);
  const candidates = connections.filter(({ app_id }) => app_id !== thread.owner_app_id);
  const [chosen, setChosen] = useState<string | null>(null);
  const [reason, setReason] = useState('');
  const target = chosen ?? candidates[0]?.app_id ?? null;
  const isInbox = all.some(({ app_id, kind: appKind }) => app_id === target && appKind === 'inbox');
  const act = useMutation({
    mutationFn: (what: Act) =>
      api.post<Change>(path`/threads/${thread.page_id}/${thread.psid}/control`, {
        ...what,
        ...(reason.trim() !== '' && { reason: reason.trim() }),
        if_version: thread.version,
      }),
    onSuccess: ({ after }) => {
      toasts.say(
        after.owner_app_id === null
          ? 'The thread is released.'
          : `${apps.nameOf(after.owner_app_id)} owns the thread now.`,
        'good',
      );
      onClose();
    },
  });
  const submit = () => {
    if (kind === 'release') act.mutate({ action: 'release' });
    else if (target !== null) act.mutate({ action: isInbox ? 'take' : 'pass', app_id: target });
  };
  const owner = thread.owner_app_id === null ? 'Nobody' : apps.nameOf(thread.owner_app_id);
  return (
    <Dialog
      title={kind === 'release' ? 'Release the thread' : 'Move the thread'}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={act.isPending || (kind === 'pass' && target === null)} onClick={submit}>
            {kind === 'release' ? 'Release' : 'Move'}
          </Button>
        </>
      }
    >
      <p>
        {kind === 'release'
          ? `${owner} loses control. The conversation ends; what the person does next is routed anew.`
          : `${owner} owns the thread now. Its owner is told that it loses control, the new one that it gets it.`}
      </p>
      {kind === 'pass' && (
        <Field label="To">
          {(control) => (
            <select
              {...control}
              className="input"
              value={target ?? ''}
              onChange={({ target: { value } }) => setChosen(value)}
            >
              {candidates.map(({ app_id }) => (
                <option key={app_id} value={app_id}>
                  {apps.nameOf(app_id)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label="Reason" help="Kept in the log.">
        {(control) => (
          <input
            {...control}
            className="input"
            value={reason}
            maxLength={1000}
            onChange={({ target: { value } }) => setReason(value)}
          />
        )}
      </Field>
      {act.error !== null && <Notice tone="bad">{sentenceOf(act.error)}</Notice>}
    </Dialog>
  );
}
