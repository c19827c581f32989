export function Component() {
  return (
    <div className="screen">
      <header className="screen-head">
        <h1>Configuration</h1>
      </header>
    </div>
  );
}
