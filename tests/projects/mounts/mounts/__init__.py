"""A stranger's programs that keep state in Redis and S3 and send mail, with the clients everybody uses."""
