import type { ButtonHTMLAttributes } from 'react';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly size?: 'medium' | 'small';
  /** A button that shows an icon only; give it an `aria-label`. */
  readonly icon?: boolean;
}

export function Button({ kind = 'plain', size = 'medium', icon = false, className, ...rest }: ButtonProps) {
  const classes = className === undefined ? 'button' : `button ${className}`;
  const title = icon ? rest['aria-label'] : undefined;
  return (
    <button
      type="button"
      title={title}
      {...rest}
      className={classes}
      data-kind={kind}
      data-size={size}
      data-icon={icon}
    />
  );
}
