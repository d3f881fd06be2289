/* bridge_cloud.c - cloud-init must not write the network over ours. */
#include <string.h>

#include "core/base/mem.h"
#include "stages/bridge.h"

static const char cloud_path[] = "/etc/cloud/cloud.cfg.d/99-kvmhost-network.cfg";

static bool switches_network_off(const char *text)
{
	return text && strstr(text, "network:") && strstr(text, "config: disabled");
}

/* cloud-init writes the network configuration at boot, over ours, unless it is told not to. */
static bool has_cloud_init(const struct kh_net_view *view)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (!kh_root_exists(view->root, "/etc/cloud/cloud.cfg") ||
	    kh_root_exists(view->root, "/etc/cloud/cloud-init.disabled"))
		return false;
	kh_net_view_list(view, "/etc/cloud/cloud.cfg.d", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/etc/cloud/cloud.cfg.d/%s", names.items[i]);
		kh_auto(kh_free) char *text = kh_net_view_text(view, path);
		if (kh_str_ends(names.items[i], ".cfg") && switches_network_off(text))
			return false;
	}
	return true;
}

/* It stands before all others: the manager's files must not change while cloud-init owns them. */
static void put_cloud_first(struct kh_net_answer *answer)
{
	kh_net_answer_edit(
		answer, cloud_path,
		"# Made by kvmhost (stage bridge): the network is configured by hand now.\n"
		"network: {config: disabled}\n",
		0, "cloud-init would write its own network configuration at boot");
	struct kh_net_edit last = answer->edits[answer->edit_count - 1];
	for (size_t i = answer->edit_count - 1; i > 0; i--)
		answer->edits[i] = answer->edits[i - 1];
	answer->edits[0] = last;
}

void kh_bridge_stop_cloud_init(const struct kh_net_view *view, struct kh_net_answer *answer)
{
	if (has_cloud_init(view))
		put_cloud_first(answer);
}
