/*
 * amounts.h - numbers and sizes as people write them, in each language
 */
#ifndef POSTROOM_BASE_AMOUNTS_H
#define POSTROOM_BASE_AMOUNTS_H

#include "lib/base/say.h"

#define AMOUNT_SIZE	48	/* "18,446,744,073,709,551,615 messages" */

/* "1,234" */
void	amount_number(enum language, uint64_t n, char out[AMOUNT_SIZE]);
/* "1,234 messages" */
void	amount_messages(enum language, uint64_t n, char out[AMOUNT_SIZE]);
/* In units of a thousand, two digits at least: "980 B", "3.4 MB", "56 MB". */
void	amount_bytes(enum language, uint64_t bytes, char out[AMOUNT_SIZE]);

#endif
