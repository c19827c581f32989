import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { keys, sessionQuery } from '../../api/queries.js';

/** Whether whoever is signed in may change the configuration. */
export function useMayEdit(): boolean {
  const { data: session } = useQuery(sessionQuery);
  return session?.role === 'admin';
}

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
