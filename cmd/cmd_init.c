/* cmd_init.c - kvmhost init: write a commented starter configuration for this host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/config_help.h"

static int make_parent(const struct kh_root *root, const char *path, struct kh_error *err)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		kh_auto(kh_free) char *parent = kh_strndup(path, (size_t)(slash - path));
		if (!kh_root_is_dir(root, parent) && kh_file_make_dir(root, parent, 0755, err) != 0)
			return -1;
	}
	return 0;
}

static int write_starter(const struct kh_options *options, const struct kh_root *root,
			 const char *path, const char *text, struct kh_error *err)
{
	if (kh_root_exists(root, path) && !options->is_forced) {
		kh_fail(err, KH_USAGE, 0, "'%s' is there already", path);
		return kh_hint(err,
			       "--force overwrites it; 'kvmhost init -' prints to standard output");
	}
	struct kh_file_state meta = {.mode = 0644, .uid = geteuid(), .gid = getegid()};
	if (make_parent(root, path, err) != 0 ||
	    kh_file_put(root, path, text, strlen(text), &meta, err) != 0)
		return -1;
	kh_print(stdout, "wrote %s%s\n", root->is_live ? "" : root->host_path, path);
	return 0;
}

static int run(const struct kh_options *options, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_root_done) struct kh_root live = KH_ROOT_INIT;
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	if (kh_root_open(options->root, &root, err) != 0 || kh_root_open("/", &live, err) != 0)
		return -1;
	kh_facts_collect(&root, &facts);
	kh_auto(kh_strv_done) struct kh_strv chosen = {0};
	if (options->is_guided && !kh_is_terminal()) {
		kh_fail(err, KH_USAGE, 0, "init --guided: there is no terminal to ask on");
		return kh_hint(err, "'kvmhost init' asks nothing");
	}
	if (options->is_guided && kh_init_guide(&facts, &chosen, err) != 0)
		return -1;
	kh_auto(kh_free) char *text = kh_config_starter(&facts, &chosen);
	if (options->arguments.count > 0 && strcmp(options->arguments.items[0], "-") == 0) {
		fputs(text, stdout);
		return 0;
	}
	if (options->arguments.count > 0)
		return kh_fail(err, KH_USAGE, 0, "init takes no argument but '-'");
	if (!options->config)
		return write_starter(options, &root, kh_config_default_path, text, err);
	/* --config names a file of the machine we run on, as it does for reading. */
	kh_auto(kh_free) char *here = getcwd(NULL, 0);
	kh_auto(kh_free) char *path =
		options->config[0] == '/' ? kh_strdup(options->config)
					  : kh_printf("%s/%s", here ? here : "", options->config);
	return write_starter(options, &live, path, text, err);
}

const struct kh_command kh_command_init = {
	.name = "init",
	.arguments = "[-]",
	.summary = "write a commented starter configuration for this host ('-': print it)",
	.options = KH_OPTION_FORCE | KH_OPTION_GUIDED,
	.run = run,
};
