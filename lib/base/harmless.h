/*
 * harmless.h - what a stranger has written, where it can do nothing
 */
#ifndef POSTROOM_BASE_HARMLESS_H
#define POSTROOM_BASE_HARMLESS_H

#include "lib/base/text.h"

/*
 * Add `s` without what moves, hides or reorders the text around it: controls,
 * marks of direction, characters without a width, bytes that are no UTF-8.  Each
 * of them is a question mark; a line feed and a tab stay.
 */
void	harmless_add(struct text *, struct slice);

#endif
