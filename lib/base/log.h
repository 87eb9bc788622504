/*
 * log.h - sentences for the operator, one line each, on standard error
 *
 * Only the top loop of a role (and the parent) says anything; lower layers
 * return.  The line begins with the role; peer text in it has been escaped
 * (text_add_escaped).
 */
#ifndef POSTROOM_BASE_LOG_H
#define POSTROOM_BASE_LOG_H

#include <stdint.h>

#include "lib/base/role.h"

/* From now on lines begin with this role (and account, when not 0). */
void	log_open(enum role, uint64_t instance);
/* One line, at most 1,000 bytes of it; control characters become '?'. */
void	log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
