/*
 * walls_files_test.c - Landlock alone leaves a role its folder and no more
 *
 * Nobody changes user here and no system call is denied: run as root, only
 * Landlock stands between a role and the whole disk.  Landlock does not hide
 * what stat() tells, so nothing here asks for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/programs/walls.h"

#define LANDLOCK_ASK_VERSION	1u

static int
empty_the_seal_key(const struct scene *scene)
{
	return open_in(scene, "seal.key", O_WRONLY | O_TRUNC);
}

static int
list_the_data_folder(const struct scene *scene)
{
	return open_in(scene, ".", O_RDONLY | O_DIRECTORY);
}

static int
read_another_account(const struct scene *scene)
{
	return open_in(scene, "accounts/2/secret", O_RDONLY);
}

static int
list_another_account(const struct scene *scene)
{
	return open_in(scene, "accounts/2", O_RDONLY | O_DIRECTORY);
}

static int
write_another_account(const struct scene *scene)
{
	return open_in(scene, "accounts/2/letter", O_WRONLY | O_CREAT);
}

/* From its own folder, or from the first one when it has none. */
static int
go_around(const struct scene *scene, const char *way)
{
	if (scene->own_fd < 0)
		return open_in(scene, "policy/secret", O_RDONLY);
	return result(openat(scene->own_fd, way, O_RDONLY | O_CLOEXEC));
}

static int
follow_a_link_out(const struct scene *scene)
{
	return go_around(scene, "way-out");
}

static int
climb_out(const struct scene *scene)
{
	return go_around(scene, "../../../../../etc/passwd");
}

static int
bring_a_file_in(const struct scene *scene)
{
	int folder = scene->own_fd < 0 ? scene->data.fd : scene->own_fd;
	int r = result(linkat(scene->data.fd, "seal.key", folder, "key", 0));

	return r == -EXDEV ? -EACCES : r;	/* ABI 1 says it so */
}

static int
take_a_file_out(const struct scene *scene)
{
	int folder = scene->own_fd < 0 ? scene->data.fd : scene->own_fd;
	int r = result(renameat(folder, scene->own_fd < 0 ? "seal.key" :
	    "secret", scene->data.fd, "taken"));

	return r == -EXDEV ? -EACCES : r;
}

/* What nobody makes even in its own folder. */
static int
make_a_link(const struct scene *scene)
{
	return result(symlinkat("/etc/passwd", scene->own_fd < 0 ?
	    scene->data.fd : scene->own_fd, "link"));
}

static int
make_a_pipe(const struct scene *scene)
{
	return result(mkfifoat(scene->own_fd < 0 ? scene->data.fd :
	    scene->own_fd, "pipe", 0600));
}

static const struct {
	const char	*what;
	attempt_fn	*try;
	bool		 allowed;	/* to a row with a folder */
} files[] = {
{ "work in its folder",	      work_in_its_folder,	true },
{ "read /etc/passwd",	      open_a_file,		false },
{ "read the sealing key",     read_the_seal_key,	false },
{ "empty the sealing key",    empty_the_seal_key,	false },
{ "remove the sealing key",   remove_a_file,		false },
{ "rename the sealing key",   rename_a_file,		false },
{ "make a file outside",      make_a_file_outside,	false },
{ "make a folder outside",    make_a_folder,		false },
{ "list the data folder",     list_the_data_folder,	false },
{ "list all accounts",	      list_all_accounts,	false },
{ "read another account",     read_another_account,	false },
{ "list another account",     list_another_account,	false },
{ "write another account",    write_another_account,	false },
{ "follow a link out",	      follow_a_link_out,	false },
{ "climb out",		      climb_out,		false },
{ "bring a file in",	      bring_a_file_in,		false },
{ "take a file out",	      take_a_file_out,		false },
{ "make a symbolic link",     make_a_link,		false },
{ "make a pipe",	      make_a_pipe,		false },
{ "run a program",	      run_a_program,		false },
{ "read the parent's memory", read_the_parents_memory,	false },
};

START_TEST(landlock_alone_leaves_a_role_its_folder_only)
{
	int file = _i % COUNT(files);
	enum role role = (enum role)(FIRST_ROLE + _i / COUNT(files));
	struct scene scene = scene_new(role);
	int got = try_behind(&scene, WALL_LANDLOCK, files[file].try);
	bool allowed = files[file].allowed && scene.own_fd >= 0;

	scratch_drop(&scene.data);
	ck_assert_msg(got == (allowed ? 0 : EACCES), "%s: %s: %s",
	    role_name(role), files[file].what,
	    got == 0 ? "it worked" : strerror(got));
}
END_TEST

/* Of the folders of the data directory a role sees its own and no other. */
START_TEST(landlock_alone_keeps_each_folder_for_its_role)
{
	enum role role = (enum role)(FIRST_ROLE + _i);
	struct scene scene = scene_new(role);
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		bool landlock;
		int wrong = 0;

		raise_walls(&scene, WALL_LANDLOCK, &landlock);
		for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
			bool own = scene.row->folder != FOLDER_NONE &&
			    scene.row->folder == places[i].folder;
			int got = open_in(&scene, places[i].name,
			    O_RDONLY | O_DIRECTORY);

			wrong += got != (own ? 0 : -EACCES);
		}
		_exit(wrong);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	scratch_drop(&scene.data);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	    "%s: not its own folder only", role_name(role));
}
END_TEST

/* As programs/process.c raises them; a role must still be able to work. */
START_TEST(behind_all_walls_a_role_works_in_its_folder)
{
	struct scene scene = scene_new((enum role)(FIRST_ROLE + _i));
	bool has_folder = scene.own_fd >= 0;
	unsigned walls = geteuid() == 0 ? WALLS_ALL :
	    WALLS_ALL & ~WALL_USER;
	int got = try_behind(&scene, walls, work_in_its_folder);

	scratch_drop(&scene.data);
	ck_assert_int_eq(got, has_folder ? 0 : EACCES);
}
END_TEST

/* The names of these tests say what cannot be tried here. */
START_TEST(skipped_in_a_relaxed_build)
{
	ck_assert(sandbox_is_relaxed());
}
END_TEST

START_TEST(skipped_where_the_kernel_has_no_landlock)
{
	ck_assert_int_lt((int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_ASK_VERSION), 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("walls_files");
	TCase *tcase = tcase_create("walls_files");

	suite_add_tcase(suite, tcase);
	if (sandbox_is_relaxed()) {
		tcase_add_test(tcase, skipped_in_a_relaxed_build);
		return suite;
	}
	tcase_add_loop_test(tcase, behind_all_walls_a_role_works_in_its_folder,
	    0, ROLES);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_ASK_VERSION) < 1) {
		(void)fputs("walls_files: skipped: no Landlock here\n",
		    stderr);
		tcase_add_test(tcase,
		    skipped_where_the_kernel_has_no_landlock);
		return suite;
	}
	tcase_add_loop_test(tcase, landlock_alone_leaves_a_role_its_folder_only,
	    0, ROLES * COUNT(files));
	tcase_add_loop_test(tcase,
	    landlock_alone_keeps_each_folder_for_its_role, 0, ROLES);
	return suite;
}
