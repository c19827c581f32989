import { useMutation, useQueryClient } from '@tanstack/react-query';
import { keys } from '../../api/queries.js';

/** A change of the configuration; whatever shows it is read again. */
export function useChange<Input, Answer>(change: (input: Input) => Promise<Answer>, done: (answer: Answer) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: keys.configuration });
      done(answer);
    },
  });
}
