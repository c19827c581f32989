import { useQuery } from '@tanstack/react-query';
import { Plus, Settings2, Smartphone, X } from 'lucide-react';
import { useRef } from 'react';
import { Link } from 'react-router';
import { pagesQuery } from '../../api/queries.js';
import type { Channel } from '../../api/types.js';
import { useScope } from '../../app/scope.js';
import { Button } from '../../ui/button.js';
import { ChannelMark } from '../../ui/channel-mark.js';
import { Empty, Failure, Skeleton } from '../../ui/state.js';
import { CustomerPhone } from './customer-phone.js';
import { usePeople } from './people-in-address.js';
import { simulatedName } from './person-queries.js';
import './customer.css';

/** Be the customer: the phones of several people of one page, side by side. */
export function Component() {
  const scope = useScope();
  const { data: pages, error, refetch } = useQuery(pagesQuery);
  const { people, add, remove } = usePeople();
  const phones = useRef(new Map<string, HTMLElement>());
  if (error !== null && pages === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (pages === undefined) return <Skeleton lines={8} />;
  const page = pages.find(({ page_id }) => page_id === scope.pageId) ?? pages[0];
  if (page === undefined) {
    return (
      <Empty
        icon={Settings2}
        title="There is no page to write to"
        actions={
          <Link className="button" data-kind="primary" to={scope.to('/configuration')}>
            Add a page
          </Link>
        }
      >
        People write to pages. Add one, and connect an app that answers.
      </Empty>
    );
  }
  const show = (psid: string) => {
    const phone = phones.current.get(psid);
    phone?.scrollIntoView({ block: 'nearest', inline: 'center' });
    phone?.querySelector<HTMLInputElement>('.phone-composer input')?.focus();
  };
  const addPerson = (channel: Channel) => {
    const { psid } = add(channel);
    // The phone is there once this has been rendered.
    requestAnimationFrame(() => show(psid));
  };
  const instagram = page.instagram !== null;
  const buttons = (
    <>
      <Button kind={people.length === 0 ? 'primary' : 'plain'} onClick={() => addPerson('messenger')}>
        <Plus aria-hidden /> Person on Messenger
      </Button>
      <Button
        disabled={!instagram}
        title={instagram ? undefined : 'No Instagram account is linked to this page.'}
        onClick={() => addPerson('instagram')}
      >
        <Plus aria-hidden /> Person on Instagram
      </Button>
    </>
  );
  return (
    <div className="customer">
      <header className="customer-head">
        <h1>{page.name}</h1>
        <ul className="customer-people" aria-label="People">
          {people.map(({ psid, channel }) => (
            <li key={psid}>
              <button type="button" className="customer-person" onClick={() => show(psid)}>
                <ChannelMark channel={channel} />
                {simulatedName(psid)}
              </button>
              <Button
                kind="quiet"
                size="small"
                icon
                aria-label={`Put away the phone of ${simulatedName(psid)}`}
                onClick={() => remove(psid)}
              >
                <X aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
        <div className="customer-add">{people.length > 0 && buttons}</div>
      </header>
      {people.length === 0 ? (
        <Empty icon={Smartphone} title="Take a phone" actions={buttons}>
          Each phone is a person who writes to {page.name}. Take several, and see which app answers whom.
        </Empty>
      ) : (
        <div className="customer-phones">
          {people.map(({ psid, channel }) => (
            <div
              key={psid}
              className="customer-phone"
              ref={(element) => {
                if (element !== null) phones.current.set(psid, element);
                return () => {
                  phones.current.delete(psid);
                };
              }}
            >
              <div className="customer-phone-name">
                <span>{simulatedName(psid)}</span>
                <Link to={scope.to(`/threads/${page.page_id}/${psid}`)}>Open the thread</Link>
              </div>
              <CustomerPhone pageId={page.page_id} psid={psid} channel={channel} />
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
