import { useQuery } from '@tanstack/react-query';
import { Megaphone, Plus } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { adRoutesQuery } from '../../api/queries.js';
import type { AdRoute } from '../../api/types.js';
import { useRefusal } from '../../app/role.js';
import { AppChip } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { TextField } from '../../ui/text-field.js';
import { AppSelect } from './app-select.js';
import { ConfirmDialog } from './confirm-dialog.js';
import { useChange } from './editing.js';
import { FormDialog } from './form-dialog.js';
import { RouteActions } from './route-actions.js';
import { exampleTemplate, templateProblem, templateSummary } from './welcome-template.js';

export function AdRoutes({ pageId }: { pageId: string }) {
  const refusal = useRefusal('admin');
  const { data: ads, error, refetch } = useQuery(adRoutesQuery(pageId));
  const [editing, setEditing] = useState<AdRoute | 'new' | null>(null);
  const [removing, setRemoving] = useState<AdRoute | null>(null);
  return (
    <section className="panel" aria-label="Ads">
      <header className="panel-head">
        <h2>Ads</h2>
        <Button size="small" refusal={refusal} onClick={() => setEditing('new')}>
          <Plus aria-hidden /> Route an ad
        </Button>
      </header>
      {error !== null && ads === undefined ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : ads === undefined ? (
        <Skeleton />
      ) : ads.length === 0 ? (
        <Empty icon={Megaphone} title="No ad is routed">
          Whoever taps an ad goes where everybody goes. Route an ad to give it an app of its own.
        </Empty>
      ) : (
        <div className="configuration-scroll">
          <table className="table">
            <thead>
              <tr>
                <th>Ad</th>
                <th>Goes to</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {ads.map((ad) => (
                <tr key={ad.ad_id}>
                  <td className="configuration-wide">
                    {ad.title ?? 'Ad'} <span className="faint mono">{ad.ad_id}</span>
                    <div className="configuration-note">
                      {ad.ref !== null && (
                        <>
                          ref <code>{ad.ref}</code> ·{' '}
                        </>
                      )}
                      {templateSummary(ad.template)}
                    </div>
                  </td>
                  <td>
                    <AppChip appId={ad.receiving_app_id} />
                  </td>
                  <td className="configuration-actions">
                    <RouteActions
                      name={`the ad ${ad.title ?? ad.ad_id}`}
                      onChange={() => setEditing(ad)}
                      onRemove={() => setRemoving(ad)}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing !== null && (
        <AdDialog pageId={pageId} ad={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
      )}
      {removing !== null && <RemoveAdDialog ad={removing} onClose={() => setRemoving(null)} />}
    </section>
  );
}

interface AdDialogProps {
  readonly pageId: string;
  /** Null: a new one. */
  readonly ad: AdRoute | null;
  readonly onClose: () => void;
}

function AdDialog({ pageId, ad, onClose }: AdDialogProps) {
  const [adId, setAdId] = useState(ad?.ad_id ?? '');
  const [title, setTitle] = useState(ad?.title ?? '');
  const [ref, setRef] = useState(ad?.ref ?? '');
  const [appId, setAppId] = useState<string | null>(ad?.receiving_app_id ?? null);
  const [template, setTemplate] = useState(ad?.template == null ? '' : JSON.stringify(ad.template, null, 2));
  const problem = templateProblem(template);
  const save = useChange(
    () =>
      api.put<AdRoute>(path`/pages/${pageId}/routes/ads/${adId.trim()}`, {
        receiving_app_id: appId,
        ...(title.trim() !== '' && { title: title.trim() }),
        ...(ref.trim() !== '' && { ref: ref.trim() }),
        ...(template.trim() !== '' && { template: JSON.parse(template) as unknown }),
      }),
    onClose,
  );
  return (
    <FormDialog
      title={ad === null ? 'Route an ad' : `Change the ad ${ad.title ?? ad.ad_id}`}
      submit="Save"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => {
        if (problem === null) save.mutate(undefined);
      }}
      onClose={onClose}
    >
      {ad === null && (
        <TextField
          label="Ad id"
          help="Letters, digits, dots, dashes or underscores."
          mono
          required
          maxLength={64}
          value={adId}
          onChange={setAdId}
        />
      )}
      <AppSelect label="Its conversations go to" value={appId} onChange={setAppId} />
      <TextField
        label="Title"
        help="What people see; the app gets it with the referral."
        maxLength={1000}
        value={title}
        onChange={setTitle}
      />
      <TextField
        label="Ref"
        help="What the referral carries, if anything."
        mono
        maxLength={2083}
        value={ref}
        onChange={setRef}
      />
      <Field
        label="Welcome template"
        help="What people see before they write, as JSON with a message of the Send API. Its buttons belong to the page."
        error={problem}
      >
        {(control) => (
          <textarea
            {...control}
            className="input mono configuration-json"
            rows={6}
            spellCheck={false}
            value={template}
            onChange={({ target }) => setTemplate(target.value)}
          />
        )}
      </Field>
      {template.trim() === '' && (
        <Button size="small" className="configuration-start" onClick={() => setTemplate(exampleTemplate(title.trim()))}>
          Begin with an example
        </Button>
      )}
    </FormDialog>
  );
}

function RemoveAdDialog({ ad, onClose }: { ad: AdRoute; onClose: () => void }) {
  return (
    <ConfirmDialog
      title={`No longer route the ad ${ad.title ?? ad.ad_id}`}
      submit="Stop routing it"
      change={() => api.delete<undefined>(path`/pages/${ad.page_id}/routes/ads/${ad.ad_id}`)}
      onClose={onClose}
    >
      <p>Whoever taps it from now on goes where everybody goes. Conversations that it began stay where they are.</p>
    </ConfirmDialog>
  );
}
