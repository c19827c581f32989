import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { connectionsQuery, sessionQuery } from '../../api/queries.js';
import type { Page } from '../../api/types.js';
import { Field } from '../../ui/field.js';
import { TextField } from '../../ui/text-field.js';
import { AppSelect } from './app-select.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';

interface PageDialogProps {
  /** Null: a new one. */
  readonly page: Page | null;
  readonly onClose: () => void;
  readonly onSaved: (page: Page) => void;
}

/** The page itself: its name, its Instagram account, and which apps get what nothing else routes. */
export function PageDialog({ page, onClose, onSaved }: PageDialogProps) {
  const [pageId, setPageId] = useState(page?.page_id ?? '');
  const [name, setName] = useState(page?.name ?? '');
  const [defaultApp, setDefaultApp] = useState(page?.default_app_id ?? null);
  const [socialApp, setSocialApp] = useState(page?.social_app_id ?? null);
  const [instagramId, setInstagramId] = useState(page?.instagram?.id ?? '');
  const [instagramDefault, setInstagramDefault] = useState(page?.instagram?.default_app_id ?? null);
  const [instagramSocial, setInstagramSocial] = useState(page?.instagram?.social_app_id ?? null);
  const [outside, setOutside] = useState<Page['outside_replies']>(page?.outside_replies ?? 'inbox_takes');
  const [metaToken, setMetaToken] = useState('');
  const [forget, setForget] = useState(false);
  const { data: session } = useQuery(sessionQuery);
  const { data: connections } = useQuery({ ...connectionsQuery(page?.page_id ?? ''), enabled: page !== null });
  const connected = connections?.map(({ app_id }) => app_id);
  // While no app is connected at all, any may be named; it takes effect when it is connected.
  const among = connected === undefined || connected.length === 0 ? {} : { among: connected };
  const save = useChange(
    () =>
      api.put<Page>(path`/pages/${pageId.trim()}`, {
        name: name.trim(),
        default_app_id: defaultApp,
        social_app_id: socialApp,
        instagram:
          instagramId.trim() === ''
            ? null
            : { id: instagramId.trim(), default_app_id: instagramDefault, social_app_id: instagramSocial },
        outside_replies: outside,
        ...(forget ? { meta: null } : metaToken.trim() !== '' && { meta: { page_access_token: metaToken.trim() } }),
      }),
    (saved) => {
      onClose();
      onSaved(saved);
    },
  );
  const defaultHelp = 'Gets every conversation that nothing routes elsewhere.';
  const socialHelp = 'Gets Get Started taps, and threads without an event of the person for 24 hours.';
  return (
    <FormDialog
      title={page === null ? 'Add a page' : `Change ${page.name}`}
      submit="Save"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      {page === null && (
        <TextField
          label="Page id"
          help="The id that the platform gives the page: digits."
          mono
          inputMode="numeric"
          required
          value={pageId}
          onChange={setPageId}
        />
      )}
      <TextField label="Name" required maxLength={200} value={name} onChange={setName} />
      <AppSelect
        label="Default app on Messenger"
        help={defaultHelp}
        none="None: every subscribed app may answer"
        value={defaultApp}
        onChange={setDefaultApp}
        {...among}
      />
      <AppSelect
        label="Social app on Messenger"
        help={socialHelp}
        none="None"
        value={socialApp}
        onChange={setSocialApp}
        {...among}
      />
      <TextField
        label="Instagram account id"
        help="Left empty: no Instagram account is linked."
        mono
        inputMode="numeric"
        value={instagramId}
        onChange={setInstagramId}
      />
      {instagramId.trim() !== '' && (
        <>
          <AppSelect
            label="Default app on Instagram"
            help={defaultHelp}
            none="None: every subscribed app may answer"
            value={instagramDefault}
            onChange={setInstagramDefault}
            {...among}
          />
          <AppSelect
            label="Social app on Instagram"
            help={socialHelp}
            none="None"
            value={instagramSocial}
            onChange={setInstagramSocial}
            {...among}
          />
        </>
      )}
      <Field label="When somebody answers past Signalbox" help="In the platform’s own inbox, on a phone, or its AI.">
        {(control) => (
          <select
            {...control}
            className="input"
            value={outside}
            onChange={({ target }) => setOutside(target.value === 'only_told' ? 'only_told' : 'inbox_takes')}
          >
            <option value="inbox_takes">The page’s inbox takes the thread</option>
            <option value="only_told">Apps are only told</option>
          </select>
        )}
      </Field>
      {session?.mode === 'gateway' && (
        <>
          <TextField
            label="Page access token of the platform"
            help={
              page?.meta.configured === true
                ? 'What the gateway sends with. One is stored, and never shown; left empty: it stays.'
                : 'What the gateway sends with, on both channels. Without it nothing can be sent.'
            }
            mono
            type="password"
            autoComplete="off"
            maxLength={1000}
            disabled={forget}
            value={metaToken}
            onChange={setMetaToken}
          />
          {page?.meta.configured === true && (
            <fieldset className="configuration-checks">
              <legend className="visually-hidden">The stored token</legend>
              <label>
                <input type="checkbox" checked={forget} onChange={({ target }) => setForget(target.checked)} />
                <span>Forget the stored token: nothing can be sent then</span>
              </label>
            </fieldset>
          )}
        </>
      )}
    </FormDialog>
  );
}
