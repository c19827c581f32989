export function Component() {
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Deliveries</h1>
      </header>
    </div>
  );
}
