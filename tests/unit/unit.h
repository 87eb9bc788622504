/*
 * unit.h - what a unit test file gives to main.c
 *
 * Each *_test.c becomes a program of its own: it defines unit_suite() and is
 * linked with main.c and the archive that the programs are made of.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdint.h>
#include <time.h>

#include <check.h>

/*
 * Milliseconds of a processor that this process has had: what takes long by
 * itself, and not because the machine does something else, too.
 */
static inline uint64_t
cpu_ms(void)
{
	return (uint64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* The tests of one source file; the runner owns and frees the suite. */
Suite	*unit_suite(void);

#endif
