/*
 * unit.h - amounts as people write them: "64MiB", "60s", "5d", "yes"
 *
 * A plain number is in the unit that the option is kept in (bytes, seconds or
 * days).  Units are powers of two for bytes, because that is what a disk block
 * and a buffer are.
 */
#ifndef POSTROOM_POLICY_UNIT_H
#define POSTROOM_POLICY_UNIT_H

#include "lib/base/slice.h"
#include "lib/base/text.h"

enum unit {
	UNIT_COUNT,	/* a plain number */
	UNIT_BYTES,	/* B, KiB, MiB, GiB, TiB */
	UNIT_SECONDS,	/* s, m, h, d, w */
	UNIT_DAYS	/* d, w */
};

/* 0, -EINVAL (no such amount) or -ERANGE (more than 64 bits hold). */
int	unit_read(struct slice s, enum unit, uint64_t *amount_out);
/* The shortest exact way to write it; unit_read() gives the same back. */
void	unit_write(struct text *, enum unit, uint64_t amount);
/* "yes", "no", "true", "false", "on", "off".  0 or -EINVAL. */
int	unit_read_bool(struct slice s, bool *truth_out);

#endif
