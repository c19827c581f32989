import { Button } from '../../ui/button.js';
import { CopyButton } from '../../ui/copy-button.js';
import { Dialog } from '../../ui/dialog.js';
import { Notice } from '../../ui/notice.js';

export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Secrets, which are shown this once. */
export function SecretsDialog({ secrets, onClose }: { secrets: readonly Secret[]; onClose: () => void }) {
  return (
    <Dialog
      title="Copy this now"
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <Notice tone="warn">It is shown this once. Nobody can read it here again.</Notice>
      {secrets.map(({ name, value }) => (
        <div key={name} className="secret">
          <span className="field-label">{name}</span>
          <code>{value}</code>
          <CopyButton text={value} label={`Copy the ${name}`} />
        </div>
      ))}
    </Dialog>
  );
}
