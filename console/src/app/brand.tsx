/** The sign and the name. */
export function Brand() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" aria-hidden>
        <path className="brand-route" d="M3 24h9l7-16h10" />
        <path className="brand-branch" d="M12 24h17" />
        <circle className="brand-light" cx="7.5" cy="9" r="4.5" />
      </svg>
      <span>Signalbox</span>
    </span>
  );
}
