import type { ButtonHTMLAttributes } from 'react';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly size?: 'medium' | 'small';
  /** A button that shows an icon only; give it an `aria-label`. */
  readonly icon?: boolean;
  /**
   * Why this person may not press it. The button does nothing then, and says why: it can still be reached by keyboard,
   * since whoever cannot point at it could not read the reason otherwise.
   */
  readonly refusal?: string | undefined;
}

export function Button({ kind = 'plain', size = 'medium', icon = false, refusal, className, ...rest }: ButtonProps) {
  const classes = className === undefined ? 'button' : `button ${className}`;
  const title = refusal ?? rest.title ?? (icon ? rest['aria-label'] : undefined);
  const refused = refusal === undefined ? {} : { 'aria-disabled': true, onClick: undefined, type: 'button' as const };
  return (
    <button
      type="button"
      {...rest}
      {...refused}
      title={title}
      className={classes}
      data-kind={kind}
      data-size={size}
      data-icon={icon}
    />
  );
}
