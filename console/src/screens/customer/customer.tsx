export function Component() {
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Phones</h1>
      </header>
    </div>
  );
}
