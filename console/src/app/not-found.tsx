import { Signpost } from 'lucide-react';
import { Link } from 'react-router';
import { Empty } from '../ui/state.js';

export function Component() {
  return (
    <Empty
      icon={Signpost}
      title="There is no such screen"
      actions={
        <Link className="button" to="/threads">
          Go to the threads
        </Link>
      }
    >
      The address may be of another version of the console.
    </Empty>
  );
}
