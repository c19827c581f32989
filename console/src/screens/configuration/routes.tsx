import { useQuery } from '@tanstack/react-query';
import { Link2, Megaphone, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, path } from '../../api/client.js';
import { adRoutesQuery, linkRoutesQuery } from '../../api/queries.js';
import type { AdRoute, LinkRoute } from '../../api/types.js';
import { AppChip } from '../../ui/app-chip.js';
import { Button } from '../../ui/button.js';
import { Field } from '../../ui/field.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { AppSelect } from './app-select.js';
import { useChange, useMayEdit } from './editing.js';
import { FormDialog } from './form-dialog.js';

export function AdRoutes({ pageId }: { pageId: string }) {
  const mayEdit = useMayEdit();
  const toasts = useToasts();
  const { data: ads, error, refetch } = useQuery(adRoutesQuery(pageId));
  const [adding, setAdding] = useState(false);
  const remove = useChange(
    (ad: AdRoute) => api.delete<undefined>(path`/pages/${pageId}/routes/ads/${ad.ad_id}`),
    () => toasts.say('The ad is no longer routed.', 'good'),
  );
  return (
    <section className="panel" aria-label="Ads">
      <header className="panel-head">
        <h2>Ads</h2>
        <Button size="small" disabled={!mayEdit} onClick={() => setAdding(true)}>
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
        <table className="table">
          <tbody>
            {ads.map((ad) => (
              <tr key={ad.ad_id}>
                <td className="configuration-wide">
                  {ad.title ?? 'Ad'} <span className="faint mono">{ad.ad_id}</span>
                </td>
                <td>
                  <AppChip appId={ad.receiving_app_id} />
                </td>
                <td className="configuration-actions">
                  <Button
                    kind="quiet"
                    size="small"
                    icon
                    aria-label={`No longer route the ad ${ad.title ?? ad.ad_id}`}
                    disabled={!mayEdit || remove.isPending}
                    onClick={() => remove.mutate(ad, { onError: toasts.fail })}
                  >
                    <Trash2 aria-hidden />
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <AdDialog pageId={pageId} onClose={() => setAdding(false)} />}
    </section>
  );
}

function AdDialog({ pageId, onClose }: { pageId: string; onClose: () => void }) {
  const [adId, setAdId] = useState('');
  const [title, setTitle] = useState('');
  const [ref, setRef] = useState('');
  const [appId, setAppId] = useState<string | null>(null);
  const save = useChange(
    () =>
      api.put<AdRoute>(path`/pages/${pageId}/routes/ads/${adId.trim()}`, {
        receiving_app_id: appId,
        ...(title.trim() !== '' && { title: title.trim() }),
        ...(ref.trim() !== '' && { ref: ref.trim() }),
      }),
    onClose,
  );
  return (
    <FormDialog
      title="Route an ad"
      submit="Save"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <Field label="Ad id">
        {(control) => (
          <input
            {...control}
            className="input mono"
            required
            maxLength={64}
            value={adId}
            onChange={({ target }) => setAdId(target.value)}
          />
        )}
      </Field>
      <AppSelect label="Its conversations go to" value={appId} onChange={setAppId} />
      <Field label="Title" help="What people see; the app gets it with the referral.">
        {(control) => (
          <input
            {...control}
            className="input"
            maxLength={1000}
            value={title}
            onChange={({ target }) => setTitle(target.value)}
          />
        )}
      </Field>
      <Field label="Ref" help="What the referral carries, if anything.">
        {(control) => (
          <input
            {...control}
            className="input mono"
            maxLength={2083}
            value={ref}
            onChange={({ target }) => setRef(target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
}

export function LinkRoutes({ pageId }: { pageId: string }) {
  const mayEdit = useMayEdit();
  const toasts = useToasts();
  const { data: links, error, refetch } = useQuery(linkRoutesQuery(pageId));
  const [adding, setAdding] = useState(false);
  const remove = useChange(
    (link: LinkRoute) => api.delete<undefined>(path`/pages/${pageId}/routes/links/${link.ref}`),
    () => toasts.say('The link is no longer routed.', 'good'),
  );
  return (
    <section className="panel" aria-label="Links">
      <header className="panel-head">
        <h2>Links</h2>
        <Button size="small" disabled={!mayEdit} onClick={() => setAdding(true)}>
          <Plus aria-hidden /> Route a link
        </Button>
      </header>
      {error !== null && links === undefined ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : links === undefined ? (
        <Skeleton />
      ) : links.length === 0 ? (
        <Empty icon={Link2} title="No link is routed">
          Route the ref of an m.me or ig.me link to give it an app of its own.
        </Empty>
      ) : (
        <table className="table">
          <tbody>
            {links.map((link) => (
              <tr key={link.ref}>
                <td className="configuration-wide mono">{link.ref}</td>
                <td>
                  <AppChip appId={link.app_id} />
                </td>
                <td className="configuration-actions">
                  <Button
                    kind="quiet"
                    size="small"
                    icon
                    aria-label={`No longer route the link ${link.ref}`}
                    disabled={!mayEdit || remove.isPending}
                    onClick={() => remove.mutate(link, { onError: toasts.fail })}
                  >
                    <Trash2 aria-hidden />
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <LinkDialog pageId={pageId} onClose={() => setAdding(false)} />}
    </section>
  );
}

function LinkDialog({ pageId, onClose }: { pageId: string; onClose: () => void }) {
  const [ref, setRef] = useState('');
  const [appId, setAppId] = useState<string | null>(null);
  const save = useChange(
    () => api.put<LinkRoute>(path`/pages/${pageId}/routes/links/${ref.trim()}`, { app_id: appId }),
    onClose,
  );
  return (
    <FormDialog
      title="Route a link"
      submit="Save"
      pending={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <Field label="Ref" help="As in m.me/page?ref=… or ig.me/m/name?ref=…">
        {(control) => (
          <input
            {...control}
            className="input mono"
            required
            maxLength={2083}
            value={ref}
            onChange={({ target }) => setRef(target.value)}
          />
        )}
      </Field>
      <AppSelect label="Its conversations go to" value={appId} onChange={setAppId} />
    </FormDialog>
  );
}
