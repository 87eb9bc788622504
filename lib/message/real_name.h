/*
 * real_name.h - is this the name of that person?
 *
 * Display names are compared whole, in one folded form: compatibility forms
 * and letter case are taken away (Unicode NFKC_Casefold), blanks are single and
 * none stand at the ends.  Accents stay: Jose is not José.
 */
#ifndef POSTROOM_MESSAGE_REAL_NAME_H
#define POSTROOM_MESSAGE_REAL_NAME_H

#include "lib/base/text.h"

/* Bytes of a name, before folding; policy/accounts.h keeps fewer. */
#define REAL_NAME_MOST	256

/*
 * Add the folded form of `name`, which is UTF-8.
 *
 *  0        it was added; whether it fitted, the text knows.
 * -EINVAL   it can be nobody's name: empty, too long, no UTF-8, or with a
 *           comma, semicolon, colon or "@" in it.
 * -ENOMEM
 */
int	real_name_fold(struct text *, struct slice name);

#endif
