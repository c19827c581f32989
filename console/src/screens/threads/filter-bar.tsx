import { useQuery } from '@tanstack/react-query';
import { FilterX, Search } from 'lucide-react';
import { useEffect, useState } from 'react';
import { appsQuery } from '../../api/queries.js';
import { Button } from '../../ui/button.js';
import { entryPointNames } from './entry-point.js';
import { entryPoints, states, type ThreadFilters, type useThreadFilters } from './filters.js';

/** How long after the last key a search begins, in milliseconds. */
const typingMs = 200;

type Props = ReturnType<typeof useThreadFilters>;

export function FilterBar({ filters, set, clear, any }: Props) {
  const { data: apps = [] } = useQuery(appsQuery);
  return (
    <div className="filter-bar" role="search">
      <SearchBox filters={filters} set={set} />
      <div className="segments" role="group" aria-label="State">
        <Segment pressed={filters.state === null} onClick={() => set('state', null)}>
          All
        </Segment>
        {states.map((state) => (
          <Segment key={state} pressed={filters.state === state} onClick={() => set('state', state)} state={state}>
            {state}
          </Segment>
        ))}
      </div>
      <select
        className="input"
        aria-label="Owner"
        value={filters.owner_app_id ?? ''}
        onChange={({ target }) => set('owner_app_id', target.value)}
      >
        <option value="">Any owner</option>
        {apps.map((app) => (
          <option key={app.app_id} value={app.app_id}>
            {app.name}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label="Came through"
        value={filters.entry_point ?? ''}
        onChange={({ target }) => set('entry_point', target.value)}
      >
        <option value="">Any entry point</option>
        {entryPoints.map((type) => (
          <option key={type} value={type}>
            {entryPointNames[type]}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label="Order"
        value={filters.sort}
        onChange={({ target }) => set('sort', target.value === 'recent' ? null : target.value)}
      >
        <option value="recent">Newest event first</option>
        <option value="deadline">Next deadline first</option>
      </select>
      <Button kind="quiet" icon aria-label="Clear the filters" disabled={!any} onClick={clear}>
        <FilterX aria-hidden />
      </Button>
    </div>
  );
}

function SearchBox({ filters, set }: { filters: ThreadFilters; set: Props['set'] }) {
  const inAddress = filters.q ?? '';
  const [text, setText] = useState(inAddress);
  const [asked, setAsked] = useState(inAddress);
  const [seen, setSeen] = useState(inAddress);
  if (seen !== inAddress) {
    setSeen(inAddress);
    // Changed by something else: the way back, or a click that clears the filters.
    if (inAddress !== asked) setText(inAddress);
  }
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === asked) return;
    const timer = setTimeout(() => {
      setAsked(wanted);
      set('q', wanted);
    }, typingMs);
    return () => clearTimeout(timer);
  }, [text, asked, set]);
  return (
    <div className="search-box">
      <Search aria-hidden />
      <input
        className="input"
        type="search"
        aria-label="Search by person"
        placeholder="Person: name or id"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
    </div>
  );
}

interface SegmentProps {
  readonly pressed: boolean;
  readonly state?: string;
  readonly onClick: () => void;
  readonly children: string;
}

function Segment({ pressed, state, onClick, children }: SegmentProps) {
  return (
    <button type="button" className="segment" aria-pressed={pressed} data-state={state} onClick={onClick}>
      {children}
    </button>
  );
}
