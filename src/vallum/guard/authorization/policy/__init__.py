"""The policy: roles, attributes and relations in one set of rules that answers for one object and filters lists."""
