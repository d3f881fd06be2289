/* session.c - what most commands begin with: the root, the configuration, the facts. */
#include "cmd/cmd.h"

int kh_session_open(const struct kh_options *options, bool wants_facts,
		    struct kh_session *ret_session, struct kh_error *err)
{
	*ret_session = (struct kh_session){.root = KH_ROOT_INIT};
	if (kh_root_open(options->root, &ret_session->root, err) != 0 ||
	    kh_config_load(&ret_session->root, options->config, &options->settings,
			   &ret_session->config, err) != 0)
		return -1;
	if (wants_facts)
		kh_facts_collect(&ret_session->root, &ret_session->facts);
	return 0;
}

void kh_session_done(struct kh_session *session)
{
	kh_facts_done(&session->facts);
	kh_config_done(&session->config);
	kh_root_done(&session->root);
}
