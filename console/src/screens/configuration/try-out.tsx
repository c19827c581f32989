import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import type { z } from 'zod';
import type { explainSchema, explanationSchema } from '../../../../src/admin-api/explain.view.js';
import { api, path } from '../../api/client.js';
import { sentenceOf } from '../../api/problem.js';
import { adRoutesQuery, linkRoutesQuery } from '../../api/queries.js';
import type { Channel, Page } from '../../api/types.js';
import { AppChip } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Notice } from '../../ui/notice.js';
import { TextField } from '../../ui/text-field.js';

type Explain = z.input<typeof explainSchema>;
type Explanation = z.infer<typeof explanationSchema>;

const actionNames: Readonly<Record<Explain['type'], string>> = {
  message: 'writes',
  tap_ad: 'taps an ad',
  open_link: 'opens a link',
  get_started: 'taps Get Started',
  tap_button: 'taps a button',
  tap_quick_reply: 'taps a quick reply',
  react: 'reacts to a message',
  read: 'reads the messages',
};
const actions = Object.keys(actionNames).filter((name): name is Explain['type'] => Object.hasOwn(actionNames, name));

/** A person does something: which app gets it, and why? Nothing happens. */
export function TryOut({ page }: { page: Page }) {
  const pageId = page.page_id;
  const { data: ads } = useQuery(adRoutesQuery(pageId));
  const { data: links } = useQuery(linkRoutesQuery(pageId));
  const [type, setType] = useState<Explain['type']>('message');
  const [channel, setChannel] = useState<Channel>('messenger');
  const [psid, setPsid] = useState('');
  const [adId, setAdId] = useState<string | null>(null);
  const [ref, setRef] = useState<string | null>(null);
  const explain = useMutation({
    mutationFn: (question: Explain) => api.post<Explanation>(path`/pages/${pageId}/explain`, question),
  });
  const ad = adId ?? ads?.[0]?.ad_id ?? '';
  const link = ref ?? links?.[0]?.ref ?? '';
  const reading = (type === 'tap_ad' && ads === undefined) || (type === 'open_link' && links === undefined);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    explain.mutate({
      type,
      ...(psid.trim() === '' ? { channel } : { psid: psid.trim() }),
      ...(type === 'tap_ad' && { ad_id: ad }),
      ...(type === 'open_link' && { ref: link }),
    });
  };
  return (
    <section className="panel" aria-label="Try it out">
      <header className="panel-head">
        <h2>Try it out: which app gets it, and why?</h2>
        <span className="faint">Nothing happens and nothing is written.</span>
      </header>
      <form className="try-out" onSubmit={onSubmit}>
        <TextField
          label="Person"
          help="An id; left empty: somebody new."
          mono
          inputMode="numeric"
          placeholder="Somebody new"
          value={psid}
          onChange={setPsid}
        />
        <Field label="On">
          {(control) => (
            <select
              {...control}
              className="input"
              disabled={psid.trim() !== ''}
              value={channel}
              onChange={({ target }) => setChannel(target.value === 'instagram' ? 'instagram' : 'messenger')}
            >
              <option value="messenger">Messenger</option>
              {page.instagram !== null && <option value="instagram">Instagram</option>}
            </select>
          )}
        </Field>
        <Field label="Does">
          {(control) => (
            <select
              {...control}
              className="input"
              value={type}
              onChange={({ target }) => setType(actions.find((name) => name === target.value) ?? 'message')}
            >
              {actions.map((name) => (
                <option key={name} value={name}>
                  {actionNames[name]}
                </option>
              ))}
            </select>
          )}
        </Field>
        {type === 'tap_ad' && (
          <Known
            label="Ad"
            other="Another ad id"
            value={ad}
            onChange={setAdId}
            choices={ads?.map(({ ad_id, title }) => ({
              value: ad_id,
              name: title === null ? ad_id : `${title} (${ad_id})`,
            }))}
          />
        )}
        {type === 'open_link' && (
          <Known
            label="Link"
            other="Another ref"
            value={link}
            onChange={setRef}
            choices={links?.map((each) => ({ value: each.ref, name: each.ref }))}
          />
        )}
        <Button kind="primary" type="submit" disabled={explain.isPending || reading}>
          Explain
        </Button>
      </form>
      <div className="try-out-answer" role="status">
        {explain.error !== null ? (
          <Notice tone="bad">{sentenceOf(explain.error)}</Notice>
        ) : explain.data === undefined ? (
          <p className="faint">The answer stands here.</p>
        ) : (
          <>
            <p className="try-out-verdict">
              <AppChip appId={explain.data.app_id} nobody="Every subscribed app" />
              {explain.data.app_id === null ? ' may answer.' : ' is in control then.'}
            </p>
            <ol>
              {explain.data.sentences.map((sentence, index) => (
                <li key={index}>{sentence}</li>
              ))}
            </ol>
          </>
        )}
      </div>
    </section>
  );
}

interface KnownProps {
  readonly label: string;
  /** Names the field for one that is not among the choices. */
  readonly other: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Undefined: they are still being read. */
  readonly choices: readonly { value: string; name: string }[] | undefined;
}

/** One that is routed, or any other: what an unknown ad or link does is worth knowing, too. */
function Known({ label, other, value, onChange, choices = [] }: KnownProps) {
  const [free, setFree] = useState(false);
  const isFree = free || choices.length === 0;
  return (
    <>
      <Field label={label}>
        {(control) => (
          <select
            {...control}
            className="input"
            value={isFree ? '' : value}
            onChange={({ target }) => {
              setFree(target.value === '');
              onChange(target.value);
            }}
          >
            {choices.map((choice) => (
              <option key={choice.value} value={choice.value}>
                {choice.name}
              </option>
            ))}
            <option value="">Another one…</option>
          </select>
        )}
      </Field>
      {isFree && <TextField label={other} mono required value={value} onChange={onChange} />}
    </>
  );
}
