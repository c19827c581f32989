import type { EntryPoint } from '../../api/types.js';

export const entryPointNames = {
  ad: 'Ad',
  link: 'Link',
  get_started: 'Get Started',
  organic: 'By themselves',
} as const;

/** How a person came in. */
export function EntryPointText({ entryPoint }: { entryPoint: EntryPoint | null }) {
  if (entryPoint === null) return <span className="faint">–</span>;
  const name = entryPointNames[entryPoint.type];
  const which = entryPoint.type === 'ad' ? entryPoint.ad_id : entryPoint.type === 'link' ? entryPoint.ref : null;
  return (
    <span className="ellipsis" title={which === null ? name : `${name} ${which}`}>
      {name}
      {which !== null && <span className="faint mono"> {which}</span>}
    </span>
  );
}
