import { useQuery } from '@tanstack/react-query';
import { Link2, Megaphone } from 'lucide-react';
import { adRoutesQuery, linkRoutesQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { useApps } from '../../ui/app-chip.js';
import type { PersonAction } from './person-queries.js';

interface EntryBarProps {
  readonly pageId: string;
  /** What is typed; an ad or link with a message carries it. */
  readonly text: string;
  readonly disabled: boolean;
  readonly act: (action: PersonAction) => void;
}

/** The ads and links of the page: ways into the conversation, alone or together with the message that is typed. */
export function EntryBar({ pageId, text, disabled, act }: EntryBarProps) {
  const { data: ads } = useQuery(adRoutesQuery(pageId));
  const { data: links } = useQuery(linkRoutesQuery(pageId));
  const { nameOf } = useApps();
  const message = text.trim();
  if (ads === undefined || links === undefined) return <div className="entry-bar" aria-busy="true" />;
  if (ads.length + links.length === 0) {
    return <p className="entry-bar faint">The page has no ad or link routes yet.</p>;
  }
  return (
    <div className="entry-bar" role="group" aria-label="Ads and links of the page">
      {ads.map((ad) => {
        const title = ad.title ?? ad.ad_id;
        return (
          <Button
            key={ad.ad_id}
            size="small"
            disabled={disabled}
            title={`Ad ${ad.ad_id}, routes to ${nameOf(ad.receiving_app_id)}`}
            onClick={() =>
              act(
                message === ''
                  ? { type: 'tap_ad', ad_id: ad.ad_id }
                  : { type: 'message', text: message, ad_id: ad.ad_id },
              )
            }
          >
            <Megaphone aria-hidden />
            <span className="ellipsis">{message === '' ? `Ad: ${title}` : `Ad + message: ${title}`}</span>
          </Button>
        );
      })}
      {links.map((link) => (
        <Button
          key={link.ref}
          size="small"
          disabled={disabled}
          title={`Link with ref ${link.ref}, routes to ${nameOf(link.app_id)}`}
          onClick={() =>
            act(
              message === '' ? { type: 'open_link', ref: link.ref } : { type: 'message', text: message, ref: link.ref },
            )
          }
        >
          <Link2 aria-hidden />
          <span className="ellipsis">{message === '' ? `Link: ${link.ref}` : `Link + message: ${link.ref}`}</span>
        </Button>
      ))}
    </div>
  );
}
