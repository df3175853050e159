DROP TABLE sso_logins;
DROP TABLE user_identities;
