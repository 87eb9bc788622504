/*
 * main.c - run the suite of one unit test file
 *
 * libcheck's environment is honoured: CK_FORK=no (the sanitizers need it),
 * CK_RUN_CASE, CK_VERBOSITY, CK_TAP_LOG_FILE_NAME (run.sh reads that log).
 * Exits 0 only if every test passed.
 */
#include <stdlib.h>

#include "tests/unit/unit.h"

int
main(void)
{
	SRunner	*runner = srunner_create(unit_suite());
	int	 failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
