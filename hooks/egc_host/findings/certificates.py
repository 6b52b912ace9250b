"""Certificates that are not what they should be, and what keeps them from becoming so: EGC5200 to EGC5249."""

from egc_host.findings import Kind

MISSING = Kind(
    "EGC5200",
    "error",
    "certificate or key is missing",
    "Envoy is to serve a certificate whose file does not exist. With `reload: hot-restart` Envoy would not start; with "
    "`reload: watch` it would reset each TLS connection.",
    "run egc-site certs issue, or put the files where host.json says",
)
UNREADABLE = Kind(
    "EGC5201",
    "error",
    "certificate or key cannot be read",
    "The file exists, but the user that Envoy runs as may not read it. Keys are `0640 root:<group of that user>`, the "
    "folders above them `0750`.",
    "publish the pair again with egc-site certs sync, or mend its owner and mode",
)
NOT_PEM = Kind(
    "EGC5202",
    "error",
    "certificate or key is not in PEM form, or not usable",
    "Envoy reads a chain of PEM certificates, leaf first, and an unencrypted PEM key. One of the two files holds "
    "something else: DER, an encrypted key, a key that is too short, or a damaged text.",
    "write both as PEM, the key without a password",
)
MISMATCH = Kind(
    "EGC5203",
    "error",
    "key does not belong to the certificate",
    "The certificate was issued for another key. That happens when one of the two files was replaced alone.",
    "take certificate and key from the same issuance",
)
EXPIRED = Kind(
    "EGC5204",
    "warning",
    "certificate has expired",
    "No client trusts it any more. Envoy serves it all the same.",
    "if certbot keeps it: egc-site certs renew, and see what certbot says; else ask whoever writes the files",
)
NOT_YET_VALID = Kind(
    "EGC5205",
    "warning",
    "certificate is not valid yet",
    "Its validity begins in the future, or the clock of the host is behind.",
    "check the clock with timedatectl",
)
PLACEHOLDER = Kind(
    "EGC5206",
    "warning",
    "placeholder certificate is served",
    "Before the first issuance, Envoy serves a self-signed certificate so that it can start and answer certbot's "
    "challenge. No client trusts it.",
    "run egc-site certs issue, or without certificates.acme in egc.yaml publish a pair in the lineage's folder",
)
NAMES = Kind(
    "EGC5207",
    "warning",
    "certificate does not cover a hostname",
    "Envoy selects this certificate for a hostname that is not among its names. A wildcard stands for exactly one "
    "label: `*.shop.example` covers neither `shop.example` nor `a.b.shop.example`.",
    "add the name to the lineage in egc.yaml, build, install, and run egc-site certs issue",
)
CHAIN = Kind(
    "EGC5208",
    "warning",
    "chain is incomplete or out of order",
    "Each certificate of the file must be issued by the one that follows it. Browsers may find what is missing, other "
    "clients do not.",
    "use the CA's full chain, leaf first: certbot calls it fullchain.pem",
)
NAME = Kind(
    "EGC5209",
    "error",
    "name of a lineage is no file name",
    "A lineage is a folder of certbot's and one of Envoy's. A name with `/`, `..` or a control character would lead "
    "out of them.",
    "give the lineage a plain name, such as its first hostname",
)
UNSAFE = Kind(
    "EGC5210",
    "error",
    "folder of certificates is not safe to write to",
    "What root writes must not be led elsewhere. A folder that is a symbolic link, or that other users may write to, "
    "could send a private key to any place of their choice.",
    "make it a real folder that only root may write to, and look who changed it",
)
NOT_PUBLISHED = Kind(
    "EGC5211",
    "error",
    "certificate was not published",
    "certbot has a new certificate, but Envoy's folder still holds the old one, which goes on being served. "
    "`egc-cert-sync` tries again each hour.",
    "mend the cause, then run egc-site certs sync",
)
NO_OPENSSL = Kind(
    "EGC5212",
    "error",
    "openssl is missing",
    "Before the first issuance, Envoy needs a certificate to start with. The `openssl` program makes it.",
    "apt-get install openssl",
)
NO_PLACEHOLDER = Kind(
    "EGC5213",
    "error",
    "placeholder certificate could not be made",
    "`openssl` refused to make a self-signed certificate for the lineage's hostnames.",
    "look at the hostnames of the lineage in egc.yaml",
)
FOREIGN = Kind(
    "EGC5214",
    "error",
    "lineage is not one of certbot's",
    "certbot names the lineage that it renewed in `RENEWED_LINEAGE`, a folder directly below its `live` folder. "
    "Anything else is not published: a private key is read from there and given to Envoy.",
    "let certbot run the hook; for another folder of certbot's, set EGC_CERTBOT_DIR",
)
NOT_TAKEN_UP = Kind(
    "EGC5215",
    "error",
    "Envoy does not serve the published certificate",
    "The pair was published, and Envoy still presents another certificate. With `reload: watch` it refused the pair, "
    "cannot read it, or its folder did not exist when Envoy started; with `reload: hot-restart` the reload did not "
    "bring it.",
    "look at egc-site logs; a reload with egc-site reload reads all files anew",
)
RELOAD_REFUSED = Kind(
    "EGC5216",
    "error",
    "reload for new certificates failed",
    "New certificates were published and Envoy was to be hot restarted once for them. That did not succeed: the old "
    "Envoy serves on with the old certificates, and `egc-cert-sync` tries again each hour.",
    "see the reason with egc-site status, then run egc-site certs sync",
)
NOT_PRESENTED = Kind(
    "EGC5217",
    "warning",
    "no listener presents a certificate for a lineage",
    "A client on this host that asks for the lineage's hostnames gets no certificate that covers them: Envoy could not "
    "read the pair, the handshake needs more than a client's hello, or the listener is behind the PROXY protocol.",
    "look at egc-site logs, and ask from outside with openssl s_client",
)
STILL_PLACEHOLDER = Kind(
    "EGC5218",
    "error",
    "placeholder is still served after a day",
    "The first issuance did not succeed, or was never asked for. No client trusts the placeholder.",
    "run egc-site certs issue, or without certificates.acme in egc.yaml publish a pair in the lineage's folder",
)
EXPIRES_SOON = Kind(
    "EGC5219",
    "error",
    "certificate expires soon and was not renewed",
    "A quarter of its lifetime is left, or three weeks if that is less. certbot should have renewed it before: its "
    "timer does not run, the CA refuses, or the challenge does not get through.",
    "if certbot keeps it: egc-site certs renew, and see what certbot says; else ask whoever writes the files",
)
NOT_KEPT = Kind(
    "EGC5220",
    "error",
    "certbot does not keep a lineage",
    "The published certificate works, but certbot has no lineage of this name, so nobody will renew it.",
    "run egc-site certs issue",
)
RENEWAL_FAILED = Kind(
    "EGC5221",
    "error",
    "last renewal failed",
    "certbot tried to renew a certificate and could not. It tries again with its next run; the old certificate is "
    "served as long as it lasts.",
    "run egc-site certs renew, and see what certbot says",
)
HOOK_FAILED = Kind(
    "EGC5222",
    "error",
    "deploy hook failed",
    "certbot renewed a certificate, and the hook that publishes it failed or was killed. certbot ends with success all "
    "the same. `egc-cert-sync` publishes what can be published and tells the failure once.",
    "mend the cause, else the next renewal fails in the same way",
)
BEHIND = Kind(
    "EGC5223",
    "warning",
    "certificate had not been published by a hook",
    "certbot had another certificate than Envoy, and no hook of egc's had begun to publish it: the lineage was made or "
    "renewed without them. It is published now.",
    "let certbot know the hooks: egc-site certs issue --force once for this lineage",
)
NO_METRICS = Kind(
    "EGC5224",
    "error",
    "metrics of certificates cannot be written",
    "The file for node_exporter's textfile collector could not be written. What monitoring shows is out of date.",
    "look at the space and the owner of the folder",
)
NO_CERTBOT = Kind(
    "EGC5225",
    "error",
    "certbot is missing",
    "Certificates are issued and renewed by certbot, which egc does not bring along.",
    "apt-get install certbot, or name the program with --certbot",
)
CERTBOT_TOO_OLD = Kind(
    "EGC5226",
    "error",
    "option needs a newer certbot",
    "egc.yaml asks for something that this host's certbot does not know. `preferredProfile` needs certbot 4.0.",
    "install certbot from pip or snap, or take the key out of egc.yaml",
)
CERTBOT_FAILED = Kind(
    "EGC5227",
    "error",
    "certbot failed",
    "certbot ended with an error. Its output is shown, its log has more. What was issued before stays.",
)
NO_ACME = Kind(
    "EGC5228",
    "error",
    "egc.yaml does not say how to get a certificate",
    "Without `certificates.acme`, certificates are somebody else's task: whoever writes the folder keeps them.",
    "set certificates.acme in egc.yaml, build and install",
)
UNKNOWN_LINEAGE = Kind(
    "EGC5229",
    "error",
    "no such lineage",
    "The bundle has no lineage of that name.",
    "see the names with egc-site certs list",
)
NO_LISTENER = Kind(
    "EGC5230",
    "error",
    "nothing answers where the CA will ask",
    "The CA proves that a hostname is yours with a request to port 80. No listener of this bundle takes connections.",
    "start the site first; egc-site status says how",
)
NO_CHALLENGE = Kind(
    "EGC5231",
    "error",
    "challenge would not reach certbot",
    "The running Envoy does not pass `/.well-known/acme-challenge/` to certbot for this hostname: another site "
    "answers, or an older build is served. The CA counts failures, so it was not asked.",
    "install a bundle that was built with certificates.acme, and see egc-site status",
)
NO_EAB = Kind(
    "EGC5232",
    "error",
    "key for the CA's account binding cannot be read",
    "The CA wants an account to be bound by a key (EAB). egc.yaml names the file that holds it.",
    "put the key into the file that eab.hmacKeyFile names, readable by root only",
)
UNWRITABLE = Kind(
    "EGC5233",
    "error",
    "host refused to read or write a file",
    "The operating system refused. What was published stays as it was.",
    "run it as root, and look at the space that is left",
)
NO_STAGING = Kind(
    "EGC5234",
    "error",
    "no staging server is known for the CA",
    "`--staging` asks Let's Encrypt's staging server instead of its real one. egc.yaml names another CA.",
    "name the staging server of that CA as certificates.acme.server, or leave --staging out",
)
