/*
 * walls_users_test.c - its user alone keeps a role from the files of others
 *
 * Only the user is changed here.  That needs root; without, one test says by
 * its name that this was left out.  All mailboxes share a user: between two
 * accounts stands Landlock (walls_files_test.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/programs/walls.h"

static int
read_a_file_of(const struct scene *scene, enum role role)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		char path[64];

		if (places[i].owner != role || scene->row->role == role)
			continue;
		(void)snprintf(path, sizeof(path), "%s/secret",
		    places[i].name);
		return open_in(scene, path, O_RDONLY);
	}
	return -EACCES;		/* its own, or it has none */
}

static int
read_a_file_of_the_keeper(const struct scene *scene)
{
	return read_a_file_of(scene, ROLE_KEEPER);
}

static int
read_a_file_of_the_queue(const struct scene *scene)
{
	return read_a_file_of(scene, ROLE_QUEUE);
}

static int
read_a_file_of_a_mailbox(const struct scene *scene)
{
	return read_a_file_of(scene, ROLE_MAILBOX);
}

static int
set_all_users(const struct scene *scene)
{
	(void)scene;
	return result(setresuid((uid_t)-1, 0, (uid_t)-1));
}

static int
become_another_role(const struct scene *scene)
{
	return result(setuid(user_of(scene->row->role) + ROLE_COUNT));
}

static int
become_group_root(const struct scene *scene)
{
	(void)scene;
	return result(setgid(0));
}

static int
give_a_file_away(const struct scene *scene)
{
	return result(fchownat(scene->data.fd, "seal.key",
	    user_of(scene->row->role), (gid_t)-1, 0));
}

/* Every one of its users and groups is the role's, and there are no others. */
static int
be_one_user(const struct scene *scene)
{
	uid_t want = user_of(scene->row->role), uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) < 0 ||
	    getresgid(&gid[0], &gid[1], &gid[2]) < 0 || getgroups(0, NULL) != 0)
		return -EBADMSG;
	for (int i = 0; i < 3; i++)
		if (uid[i] != want || gid[i] != want)
			return -EBADMSG;
	return 0;
}

static const struct {
	const char	*what;
	attempt_fn	*try;
	int		 answer;
} users[] = {
{ "be one user",		 be_one_user,			0 },
{ "read the sealing key",	 read_the_seal_key,		EACCES },
{ "read a file of the keeper",	 read_a_file_of_the_keeper,	EACCES },
{ "read a file of the queue",	 read_a_file_of_the_queue,	EACCES },
{ "read a file of a mailbox",	 read_a_file_of_a_mailbox,	EACCES },
{ "list all accounts",		 list_all_accounts,		EACCES },
{ "make a file beside its folder", make_a_file_outside,		EACCES },
{ "become root again",		 become_root,			EPERM },
{ "become root in one of three", set_all_users,			EPERM },
{ "become another role",	 become_another_role,		EPERM },
{ "become group root",		 become_group_root,		EPERM },
{ "change groups",		 leave_the_groups,		EPERM },
{ "give a file away",		 give_a_file_away,		EPERM },
{ "change the root",		 change_the_root,		EPERM },
{ "signal the parent",		 signal_the_parent,		EPERM },
{ "signal a thread of the parent", signal_the_parents_thread,	EPERM },
{ "trace the parent",		 trace_the_parent,		EPERM },
{ "read the parent's memory",	 read_the_parents_memory,	EACCES },
};

START_TEST(the_user_alone_keeps_a_role_from_all_others)
{
	int user = _i % COUNT(users);
	enum role role = (enum role)(FIRST_ROLE + _i / COUNT(users));
	struct scene scene = scene_new(role);
	int got = try_behind(&scene, WALL_USER, users[user].try);

	scratch_drop(&scene.data);
	ck_assert_msg(got == users[user].answer, "%s: %s: %s",
	    role_name(role), users[user].what,
	    got == 0 ? "it worked" : strerror(got));
}
END_TEST

START_TEST(the_user_alone_leaves_a_role_its_folder)
{
	struct scene scene = scene_new((enum role)(FIRST_ROLE + _i));
	bool has_folder = scene.own_fd >= 0;
	int got = try_behind(&scene, WALL_USER, work_in_its_folder);

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

START_TEST(skipped_without_root)
{
	ck_assert_uint_ne(geteuid(), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("walls_users");
	TCase *tcase = tcase_create("walls_users");

	suite_add_tcase(suite, tcase);
	if (sandbox_is_relaxed()) {
		tcase_add_test(tcase, skipped_in_a_relaxed_build);
		return suite;
	}
	if (geteuid() != 0) {
		(void)fputs("walls_users: skipped without root\n", stderr);
		tcase_add_test(tcase, skipped_without_root);
		return suite;
	}
	tcase_add_loop_test(tcase, the_user_alone_keeps_a_role_from_all_others,
	    0, ROLES * COUNT(users));
	tcase_add_loop_test(tcase, the_user_alone_leaves_a_role_its_folder, 0,
	    ROLES);
	return suite;
}
